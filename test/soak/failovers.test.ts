import { expect, it } from "vitest";
import { FAULTS, soakFailovers } from "../kit/failover-soak.ts";

const each = Number(process.env["SOAK_FAILOVERS"] ?? 0);
const seed = Number(process.env["SOAK_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

// Instead of the random kills of everything: `make soak SOAK_FAILOVERS=50`.
it.runIf(each > 0)(
  `fails over once for each of ${each} kills, ${each} hangs and ${each} hang-then-kills (SOAK_SEED=${seed})`,
  { timeout: 0 },
  async () => {
    const say = (line: string) => process.stdout.write(`${line}\n`);
    const result = await soakFailovers({ seed, each, say });
    for (const fault of FAULTS) {
      const sorted = result.namedMs[fault].toSorted((a, b) => a - b);
      const median = sorted[Math.floor(sorted.length / 2)];
      say(
        `${fault}: ${sorted.length} times, named after ${median} ms [${sorted[0]}-${sorted.at(-1)}] (median, least, most)`,
      );
      expect(sorted).toHaveLength(each);
    }
    say(`0 double failovers; given up before: ${result.aborted.join(", ") || "none"}`);
    say(JSON.stringify(result.causes, null, 1));
    say(`spread after ${result.spreadMs.slice(0, 5).join(", ")} ms at most`);
    say(`${result.confirmed} writes confirmed, none of them lost`);
    expect(result.confirmed).toBeGreaterThan(0);
  },
);
