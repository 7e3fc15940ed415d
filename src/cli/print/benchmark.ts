import prettyBytes from "pretty-bytes";
import type { Benchmark } from "../../operations/benchmark.ts";
import { coloursFor } from "./colours.ts";
import { table } from "./table.ts";

/** `vedette benchmark`: one line a test and node. */
export function printBenchmark({ results, settings, cleaned }: Benchmark, colour: boolean): string {
  const colours = coloursFor(colour);
  const { requests, clients, dataSize, pipeline } = settings;
  const rows = results.map((result) => [
    result.node,
    result.role,
    result.test,
    Math.round(result.requestsPerSecond).toLocaleString("en-US"),
    ...[result.p50Ms, result.p95Ms, result.p99Ms, result.maxMs].map(latency),
  ]);
  const titles = ["REQUESTS/S", "P50 MS", "P95 MS", "P99 MS", "MAX MS"];
  return [
    ...table(
      [
        { title: "NODE" },
        { title: "ROLE" },
        { title: "TEST" },
        ...titles.map((title) => ({ title, align: "right" as const })),
      ],
      rows,
    ),
    "",
    colours.dim(
      `${requests.toLocaleString("en-US")} requests a test, ${clients} clients, ${prettyBytes(dataSize)} values, ${pipeline} a round trip; ${cleaned} keys cleaned up`,
    ),
    "",
  ].join("\n");
}

function latency(ms: number | null): string {
  return ms === null ? "-" : ms.toFixed(3);
}
