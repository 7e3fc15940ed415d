import type { Finding, FindingCode } from "../../cluster/finding.ts";
import type { SentinelSeen, Snapshot } from "../../cluster/snapshot.ts";
import { nameAt } from "../../cluster/view.ts";
import type { Topology } from "../../topology/model.ts";
import { coloursFor, type Colours } from "./colours.ts";
import { findingLines } from "./findings.ts";
import { age, opinion, sentinelState } from "./status.ts";
import { table } from "./table.ts";

/** `vedette sentinel-status`: each Sentinel's own picture of the cluster, and where the pictures differ. */
export function printSentinels(
  topology: Topology,
  snapshot: Snapshot,
  findings: readonly Finding[],
  colour: boolean,
): string {
  const colours = coloursFor(colour);
  const { quorum, sentinels, master, epoch } = snapshot;
  const named = master === null ? colours.red("nobody") : colours.bold(nameAt(topology, master));
  const ids = new Set(sentinels.map(({ node }) => node));
  const about = findings.filter(
    ({ code, node }) => CLUSTER_WIDE.includes(code) || (node !== null && ids.has(node)),
  );
  return [
    `${colours.bold(snapshot.cluster)}  the majority names ${named}, highest epoch ${epoch ?? "-"}`,
    `${quorum.reachable} of ${sentinels.length} answer, ${quorum.needed} must agree on a failover, quorum for o_down is ${topology.sentinel.quorum}`,
    ...sentinels.flatMap((sentinel) => ["", ...block(topology, snapshot, sentinel, colours)]),
    ...(about.length > 0 ? ["", ...findingLines(about, colours)] : []),
    "",
  ].join("\n");
}

function block(topology: Topology, snapshot: Snapshot, sentinel: SentinelSeen, colours: Colours): string[] {
  const { node, host, port, version, uptimeSeconds, reason } = sentinel;
  const life =
    uptimeSeconds === null ? "" : ` for ${age(uptimeSeconds * 1000)}, ${version ?? "unknown version"}`;
  const title = `${colours.bold(node)}  ${host}:${port}  ${sentinelState(sentinel, colours)}${life}`;
  if (!sentinel.up) return reason === null ? [title] : [title, `  ${reason}`];
  const name = opinion(topology, sentinel, snapshot.master, colours);
  return [
    title,
    `  names ${name} at epoch ${sentinel.epoch ?? "-"} (${sentinel.flags.join(",") || "no flags"})`,
    `  knows ${sentinel.otherSentinels ?? "-"} other Sentinels; ${sentinel.quorumMessage ?? "CKQUORUM was not answered"}`,
    ...replicaTable(topology, sentinel, colours).map((line) => `  ${line}`),
  ];
}

function replicaTable(topology: Topology, { replicas }: SentinelSeen, colours: Colours): string[] {
  if (replicas.length === 0) return [colours.dim("knows no replicas")];
  const rows = replicas.map((replica) => [
    nameAt(topology, replica),
    `${replica.host}:${replica.port}`,
    replica.linkUp ? "up" : colours.red("down"),
    String(replica.priority),
    replica.flags.join(","),
  ]);
  return table(
    [
      { title: "REPLICA" },
      { title: "ADDRESS" },
      { title: "LINK" },
      { title: "PRIORITY", align: "right" },
      { title: "FLAGS" },
    ],
    [...rows].sort((one, other) => (one[0] ?? "").localeCompare(other[0] ?? "")),
  );
}

/** Findings about no single node that a Sentinel is the cause or the cure of. */
const CLUSTER_WIDE: readonly FindingCode[] = [
  "NOT_STARTED",
  "ALL_DOWN",
  "NO_QUORUM",
  "NO_MASTER",
  "MASTER_UNKNOWN",
  "FAILOVER_IN_PROGRESS",
  "SENTINELS_DISAGREE",
  "FEW_SENTINELS",
];
