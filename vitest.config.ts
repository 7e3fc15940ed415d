import { defineConfig } from "vitest/config";

// Live tests own real processes. They wait far more than they work, so two files share the cores, and deadlines are
// generous, since every wait inside is on a condition and not on the clock.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/*.test.ts"],
          testTimeout: 15_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "live",
          include: ["test/live/**/*.test.ts"],
          maxWorkers: 2,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Live tests as well, each file with a Docker engine of its own; they share the cores with the others.
        test: {
          name: "docker",
          include: ["test/docker/**/*.test.ts"],
          maxWorkers: 2,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 1 },
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
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
