import { expect, it } from "vitest";
import { soak } from "../kit/soak.ts";

const minutes = Number(process.env["SOAK_MINUTES"] ?? 10);
const seed = Number(process.env["SOAK_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

it.skipIf(process.env["SOAK_FAILOVERS"] !== undefined || process.env["SOAK_FAULTS"] !== undefined)(
  `survives random kills for ${minutes} minutes (SOAK_SEED=${seed})`,
  { timeout: minutes * 60_000 + 300_000 },
  async () => {
    const mastersOnly = process.env["SOAK_MASTERS_ONLY"] !== undefined;
    const result = await soak({
      seed,
      minutes,
      mastersOnly,
      say: (line) => process.stdout.write(`${line}\n`),
    });
    process.stdout.write(
      `${result.faults.length} faults, ${result.acknowledged} writes acknowledged, ${result.confirmed} confirmed and none of them lost, ${result.lostUnconfirmed} unconfirmed lost\n`,
    );
    expect(result.faults.length).toBeGreaterThan(minutes);
    expect(result.confirmed).toBeGreaterThan(0);
  },
);
