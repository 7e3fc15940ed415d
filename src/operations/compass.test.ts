import { expect, it } from "vitest";
import { seedCluster } from "../../test/kit/cluster.ts";
import { systemClock } from "../clock.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import { Compass } from "./compass.ts";

const OLD = { host: "127.0.0.1", port: 6379 };
const NEW = { host: "127.0.0.1", port: 6381 };

function compass(): Compass {
  const runtime = {} as Runtime; // what the Sentinels said is noted by hand here: nobody is asked
  return new Compass({
    topology: seedCluster().topology,
    runtime,
    password: null,
    clock: systemClock,
    report() {},
  });
}

it("knows nobody before it has heard a majority", () => {
  const needle = compass();
  expect(needle.majority()).toBeNull();
  needle.note("redis-sentinel-1", OLD);
  expect(needle.majority()).toBeNull();
  needle.note("redis-sentinel-2", OLD);
  expect(needle.majority()).toEqual(OLD);
});

it("moves with the majority, and looks first where the latest news points", () => {
  const needle = compass();
  for (const sentinel of ["redis-sentinel-1", "redis-sentinel-2", "redis-sentinel-3"])
    needle.note(sentinel, OLD);
  needle.note("redis-sentinel-2", NEW);
  expect(needle.majority()).toEqual(OLD);
  expect(needle.candidates()).toEqual([NEW, OLD]);
  needle.note("redis-sentinel-3", NEW);
  expect(needle.majority()).toEqual(NEW);
  needle.note("redis-sentinel-1", OLD); // said again, it is no news
  expect(needle.candidates()).toEqual([NEW, OLD]);
});
