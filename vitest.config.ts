import { defineConfig } from "vitest/config";

// Live tests own real processes and share two cores with them: one file at a time, and generous deadlines,
// since every wait inside is on a condition and not on the clock.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "test/*.test.ts"], testTimeout: 15_000 } },
      {
        test: {
          name: "live",
          include: ["test/live/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // SOAK_MINUTES long; only `make soak` asks for it.
        test: {
          name: "soak",
          include: ["test/soak/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 0,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
