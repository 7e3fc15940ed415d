import prettyBytes from "pretty-bytes";
import prettyMs from "pretty-ms";
import type { Finding } from "../../cluster/finding.ts";
import type { RedisSeen, SentinelSeen, Snapshot } from "../../cluster/snapshot.ts";
import { pauseSentence } from "../../cluster/pause.ts";
import { nameAt } from "../../cluster/view.ts";
import type { Topology } from "../../topology/model.ts";
import { coloursFor, type Colours } from "./colours.ts";
import { findingLines } from "./findings.ts";
import { table } from "./table.ts";

/** `vedette status`: who is what now, what the Sentinels think, and what to do. One screen, 100 columns. */
export function printStatus(
  topology: Topology,
  snapshot: Snapshot,
  findings: readonly Finding[],
  colour: boolean,
): string {
  const colours = coloursFor(colour);
  const nothing = findings.some(({ code }) => code === "NOT_STARTED" || code === "ALL_DOWN");
  return [
    ...headline(topology, snapshot, colours),
    ...(nothing
      ? []
      : ["", ...nodeTable(snapshot, colours), "", ...sentinelTable(topology, snapshot, colours)]),
    "",
    ...stewardLines(topology, snapshot, colours),
    "",
    ...(findings.length > 0 ? findingLines(findings, colours) : [colours.green("nothing to report")]),
    "",
  ].join("\n");
}

function headline(topology: Topology, snapshot: Snapshot, colours: Colours): string[] {
  const { master, epoch, quorum } = snapshot;
  const who =
    master === null
      ? colours.red("no master named")
      : `master ${colours.bold(nameAt(topology, master))} at ${master.host}:${master.port}`;
  const votes = `${quorum.reachable} of ${snapshot.sentinels.length} Sentinels answer, ${quorum.needed} needed`;
  const state = quorum.ok ? "quorum ok" : colours.red("no quorum");
  const { pause, observedAt } = snapshot;
  return [
    `${colours.bold(snapshot.cluster)}  ${who}`,
    `epoch ${epoch ?? "-"}, ${state} (${votes})`,
    ...(pause === null ? [] : [colours.yellow(pauseSentence(pause, observedAt))]),
  ];
}

function nodeTable({ nodes, master }: Snapshot, colours: Colours): string[] {
  const rows = nodes.map((node) => [
    node.node,
    roleCell(node, master?.node === node.node, colours),
    `${node.host}:${node.port}`,
    stateCell(node, colours),
    linkCell(node, colours),
    lagCell(node),
    or(node.lagSeconds, (seconds) => `${seconds} s`),
    or(node.memoryBytes, (bytes) => prettyBytes(bytes, { binary: true })),
    or(node.clients, String),
    or(node.opsPerSecond, String),
  ]);
  const lines = table(
    [
      { title: "NODE" },
      { title: "ROLE" },
      { title: "ADDRESS" },
      { title: "STATE" },
      { title: "LINK" },
      { title: "LAG", align: "right" },
      { title: "HEARD", align: "right" },
      { title: "MEMORY", align: "right" },
      { title: "CLIENTS", align: "right", optional: true },
      { title: "OPS/S", align: "right", optional: true },
    ],
    rows,
  );
  return [...lines, colours.dim("A node's name is an address. Its role is what the ROLE column says now.")];
}

function roleCell({ role, fenced }: RedisSeen, named: boolean, colours: Colours): string {
  if (role === null) return "-";
  if (role === "replica") return role;
  return named && !fenced ? colours.green(role) : colours.red(role);
}

function stateCell({ state, fenced, authError, gaveUp }: RedisSeen, colours: Colours): string {
  if (state === "up") return fenced ? colours.yellow("fenced") : colours.green(state);
  if (authError) return colours.red("no auth");
  if (gaveUp) return colours.red("gave up");
  return state === "down" || state === "unreachable" ? colours.red(state) : colours.yellow(state);
}

function linkCell({ link }: RedisSeen, colours: Colours): string {
  if (link === null) return "-";
  if (link === "up") return link;
  return link === "sync" ? colours.yellow(link) : colours.red(link);
}

function lagCell({ lagBytes }: RedisSeen): string {
  return or(lagBytes, (bytes) => prettyBytes(bytes));
}

function sentinelTable(topology: Topology, { sentinels, master }: Snapshot, colours: Colours): string[] {
  const rows = sentinels.map((sentinel) => [
    sentinel.node,
    `${sentinel.host}:${sentinel.port}`,
    sentinelState(sentinel, colours),
    opinion(topology, sentinel, master, colours),
    or(sentinel.epoch, String),
    or(sentinel.otherSentinels, String),
    sentinel.up ? String(sentinel.replicas.length) : "-",
    sentinel.flags.join(",") || "-",
  ]);
  return table(
    [
      { title: "SENTINEL" },
      { title: "ADDRESS" },
      { title: "STATE" },
      { title: "NAMES" },
      { title: "EPOCH", align: "right" },
      { title: "PEERS", align: "right" },
      { title: "REPLICAS", align: "right", optional: true },
      { title: "FLAGS" },
    ],
    rows,
  );
}

export function sentinelState({ up, authError, gaveUp, tilt, pid }: SentinelSeen, colours: Colours): string {
  if (tilt) return colours.yellow("tilt");
  if (up) return colours.green("up");
  if (authError) return colours.red("no auth");
  if (gaveUp) return colours.red("gave up");
  return colours.red(pid === null ? "down" : "unreachable");
}

/** Whom a Sentinel sends clients to, red where that is not whom the majority names. */
export function opinion(
  topology: Topology,
  { up, master }: SentinelSeen,
  named: Snapshot["master"],
  colours: Colours,
): string {
  if (!up) return "-";
  if (master === null) return colours.red("nobody");
  const name = nameAt(topology, master);
  return named !== null && nameAt(topology, named) === name ? name : colours.red(name);
}

function stewardLines(topology: Topology, snapshot: Snapshot, colours: Colours): string[] {
  const { steward, operation, observedAt } = snapshot;
  const pace = steward.running && topology.failover.fast && snapshot.pause === null ? "on" : "off";
  const up = steward.startedAt === null ? "" : `, up ${age(observedAt - steward.startedAt)}`;
  const pid = steward.pid === null ? "" : ` (process ${steward.pid}${up})`;
  const line = steward.running ? `steward running${pid}` : `steward ${colours.yellow("not running")}`;
  const { profile } = topology.failover;
  const lines = [`${line}, fast failover ${pace}${profile === "standard" ? "" : `, failover: ${profile}`}`];
  if (operation === null) return lines;
  const since = age(observedAt - operation.since);
  return [...lines, `${colours.cyan(operation.name)} under way for ${since} (process ${operation.pid})`];
}

/** A duration of ms, to the second and at most two units. */
export function age(ms: number): string {
  return prettyMs(Math.max(0, ms), { secondsDecimalDigits: 0, unitCount: 2 });
}

function or<T>(value: T | null, print: (value: T) => string): string {
  return value === null ? "-" : print(value);
}
