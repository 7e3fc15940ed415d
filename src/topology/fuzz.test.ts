import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { knownDirectives } from "./directives.ts";
import { parseTopology } from "./load.ts";
import { TopologyError } from "./problems.ts";
import { keysAt } from "./schema.ts";

const load = (text: string) => parseTopology(text, "/srv/app/vedette.yaml", "vedette.yaml");

describe("any text", () => {
  const leaf = fc.oneof(
    fc.constantFrom(
      "5s",
      "1ms",
      "256mb",
      "0.0.0.0",
      "127.0.0.1",
      "store",
      "yes",
      "redis-slave-1",
      "",
      "../x",
      "::",
    ),
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  );
  const KEYS =
    "name redis sentinel nodes config port bind announce replicas count quorum downAfter periods ping security " +
    "passwordFile profile size logs stateDir redis-master redis-slave-2 redis-sentinel-1 save user __proto__";
  const key = fc.oneof(fc.constantFrom(...KEYS.split(" ")), fc.string());
  /** Known keys in their places with any values: gets further than random documents do. */
  const anyOf = (keys: readonly string[], value: fc.Arbitrary<unknown>) =>
    fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 5 });
  const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }));
  const side = (kind: "redis" | "sentinel", ids: string[]) => {
    const config = anyOf(knownDirectives(kind), value);
    const node = fc.record(
      { port: value, bind: value, announce: value, dataDir: value, config },
      { requiredKeys: [] },
    );
    const nodes = anyOf(ids, node);
    return fc
      .tuple(anyOf(keysAt([kind]), value), fc.record({ config, nodes }, { requiredKeys: [] }))
      .map(([some, more]) => ({ ...some, ...more }));
  };
  const shaped = fc
    .tuple(
      anyOf(keysAt([]), value),
      fc.record(
        {
          redis: side("redis", ["redis-master", "redis-slave-1"]),
          sentinel: side("sentinel", ["redis-sentinel-1"]),
        },
        { requiredKeys: [] },
      ),
    )
    .map(([some, more]) => ({ ...some, ...more }));
  const document = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: "medium" },
      leaf,
      fc.array(tie("node"), { maxLength: 4 }),
      fc.dictionary(key, tie("node"), { maxKeys: 6 }),
    ),
  })).node;

  /** Loading either works or ends in a UsageError whose problems are all one line each. */
  function loadsOrExplains(text: string): void {
    try {
      load(text);
    } catch (error) {
      if (!(error instanceof TopologyError)) throw error;
      expect(error.problems.length).toBeGreaterThan(0);
      expect(error.message.split(/[\n\u2028\u2029]/)).toHaveLength(error.problems.length);
    }
  }

  it("never ends in anything but a topology or a list of problems: documents", () => {
    fc.assert(
      fc.property(document, (value) => loadsOrExplains(JSON.stringify(value))),
      { numRuns: 400 },
    );
  });

  it("never ends in anything but a topology or a list of problems: known keys", () => {
    fc.assert(
      fc.property(shaped, (value) => loadsOrExplains(JSON.stringify(value))),
      { numRuns: 500 },
    );
  });

  it("never ends in anything but a topology or a list of problems: text", () => {
    const piece = fc.constantFrom(
      "redis:",
      "\n",
      "  ",
      "- ",
      "[",
      "{",
      "}",
      "]",
      ": ",
      "&a ",
      "*a",
      "!!",
      "|",
      "\t",
      '"',
      "5s",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) =>
        loadsOrExplains(pieces.join("")),
      ),
      { numRuns: 400 },
    );
    loadsOrExplains("[".repeat(100_000));
    loadsOrExplains(
      "a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n",
    );
    loadsOrExplains("a: &a [*a]\n");
  });
});
