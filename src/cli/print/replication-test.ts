import type { ReplicationTest } from "../../operations/test-replication.ts";
import { coloursFor } from "./colours.ts";
import { table, WIDTH, wrap } from "./table.ts";

/** `vedette test-replication`: how long the write took to be everywhere, and whom it did not reach. */
export function printReplicationTest(test: ReplicationTest, colour: boolean): string {
  const colours = coloursFor(colour);
  const { wait } = test;
  const rows = [
    [test.master, "write acknowledged", millis(test.writeMs)],
    [test.master, `${wait.acknowledged} of ${wait.asked} replicas confirmed it (WAIT)`, millis(wait.ms)],
    ...test.replicas.map((read) =>
      read.ok ? [read.node, "read it", millis(read.ms)] : [read.node, colours.red("did not get it"), "-"],
    ),
  ];
  const reached = test.replicas.filter((read) => read.ok).length;
  const verdict = `${reached} of ${test.replicas.length} replicas have what ${test.master} was told`;
  return [
    ...table([{ title: "NODE" }, { title: "WHAT" }, { title: "AFTER", align: "right" }], rows),
    "",
    ...test.replicas.flatMap(({ node, reason }) =>
      reason === null ? [] : wrap(`${node}: ${reason}`, WIDTH),
    ),
    test.ok ? colours.green(verdict) : colours.red(verdict),
    test.deleted
      ? "the test key is deleted"
      : colours.yellow(`the test key ${test.key} may still be there: it goes within a minute`),
    "",
  ].join("\n");
}

/** Milliseconds with the decimals that matter: replication on one machine takes parts of one. */
export function millis(ms: number | null): string {
  if (ms === null) return "-";
  return `${ms.toFixed(ms < 100 ? 2 : 0)} ms`;
}
