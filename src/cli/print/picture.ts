import type { Snapshot } from "../../cluster/snapshot.ts";
import type { Topology } from "../../topology/model.ts";
import { coloursFor } from "./colours.ts";

/** What `up` ends with: who is who, under which addresses, and what to type next. */
export function printPicture(
  topology: Topology,
  snapshot: Snapshot,
  options: { ms: number; colour: boolean; via: "make" | "vedette" },
): string {
  const { ms, colour, via } = options;
  const next = (command: string, what: string) => `  ${`${via} ${command}`.padEnd(24)}  ${what}`;
  const colours = coloursFor(colour);
  const master = snapshot.nodes.find((each) => each.node === snapshot.master?.node);
  const replicas = snapshot.nodes.filter((each) => each.node !== master?.node);
  const at = (seen: { node: string; host: string; port: number }) =>
    `${seen.node.padEnd(17)} ${seen.host}:${seen.port}`;
  const branch = (i: number, count: number) => (i === count - 1 ? "└─" : "├─");
  return [
    "",
    `${colours.bold(topology.name)} is up after ${(ms / 1000).toFixed(1)} s`,
    "",
    ...(master ? [`  ${colours.green("master")}      ${at(master)}`] : []),
    ...replicas.map((each, i) => `  ${branch(i, replicas.length)} replica  ${at(each)}`),
    "",
    ...snapshot.sentinels.map((each) => `  ${colours.cyan("sentinel")}    ${at(each)}`),
    "",
    `  state in ${topology.stateDir}`,
    "",
    next("status", "how it is doing, now"),
    next("connect-master", "redis-cli on whoever is master"),
    next("test-failover", "kill the master and watch"),
    "",
  ].join("\n");
}
