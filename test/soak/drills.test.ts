import { expect, it } from "vitest";
import { soakDrills } from "../kit/drill-soak.ts";

const faults = Number(process.env["SOAK_FAULTS"] ?? 0);
const seed = Number(process.env["SOAK_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

// `make soak SOAK_FAULTS=200`: half of them under each contract with the client.
it.runIf(faults > 0).each(["confirmed", "async"] as const)(
  `passes ${Math.ceil(faults / 2)} drills drawn at random in a row, durability: %s (SOAK_SEED=${seed})`,
  { timeout: 0 },
  async (durability) => {
    const say = (line: string) => void process.stdout.write(`${line}\n`);
    const result = await soakDrills({ seed, faults: Math.ceil(faults / 2), durability, say });
    say(`${durability}: ${JSON.stringify(result)}`);
    expect(result.acknowledged).toBeGreaterThan(0);
    // What a cut-off master takes without being asked for a confirmation cannot be kept, and the report says so.
    expect(Object.keys(result.lost).filter((scenario) => scenario !== "partition")).toEqual([]);
  },
);
