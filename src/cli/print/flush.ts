import type { Flush, FlushSight } from "../../operations/flush-all.ts";
import { coloursFor } from "./colours.ts";
import { table } from "./table.ts";

/** What `vedette flush-all` would delete. */
export function printFlushSight(cluster: string, { master, keys }: FlushSight, colour: boolean): string {
  const colours = coloursFor(colour);
  const rows = Object.entries(keys).map(([database, count]) => [database, count.toLocaleString("en-US")]);
  return [
    `${colours.bold(cluster)}  master ${master}`,
    "",
    ...table([{ title: "DATABASE" }, { title: "KEYS", align: "right" }], rows),
    "",
  ].join("\n");
}

export function printFlush({ cluster, master, deleted, replicas, ms }: Flush, colour: boolean): string {
  const colours = coloursFor(colour);
  const total = Object.values(deleted).reduce((sum, count) => sum + count, 0);
  const late = replicas.filter((replica) => !replica.empty).map((replica) => replica.node);
  const lines = [
    `${total.toLocaleString("en-US")} keys of ${cluster} deleted through ${master}, after ${ms} ms`,
  ];
  if (late.length > 0) lines.push(colours.red(`not yet deleted on ${late.join(", ")}: vedette status`));
  else if (replicas.length > 0) lines.push(`${replicas.length} replicas have followed`);
  return [...lines, ""].join("\n");
}
