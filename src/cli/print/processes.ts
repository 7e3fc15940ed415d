import prettyBytes from "pretty-bytes";
import type { NodeProcess, StewardSeen } from "../../cluster/snapshot.ts";
import { allNodes, type Topology } from "../../topology/model.ts";
import { coloursFor, type Colours } from "./colours.ts";
import { age } from "./status.ts";
import { table, wrap, WIDTH } from "./table.ts";

/** One row of `vedette ps`. */
export interface ProcessRow extends NodeProcess {
  kind: "redis" | "sentinel" | "steward";
  rssBytes: number | null;
  cpuMs: number | null;
}

interface Usage {
  rssBytes: number;
  cpuMs: number;
}

/** The processes in the order of the topology, the steward last. */
export function processRows(
  topology: Topology,
  processes: readonly NodeProcess[],
  steward: StewardSeen,
  usageOf: (pid: number) => Usage | null,
): ProcessRow[] {
  const kinds = new Map(allNodes(topology).map(({ id, kind }) => [id, kind]));
  const withUsage = (kind: ProcessRow["kind"], each: NodeProcess): ProcessRow => {
    const usage = each.pid === null ? null : usageOf(each.pid);
    return { ...each, kind, rssBytes: usage?.rssBytes ?? null, cpuMs: usage?.cpuMs ?? null };
  };
  return [
    ...processes.map((each) => withUsage(kinds.get(each.node) ?? "redis", each)),
    withUsage("steward", {
      node: "steward",
      state: steward.running ? "running" : "stopped",
      pid: steward.pid,
      startedAt: steward.startedAt,
      reason: null,
      // It supervises what is meant to be up; with nothing to supervise it is not missed.
      wanted: processes.some(({ wanted }) => wanted),
      gaveUp: false,
    }),
  ];
}

export function printProcesses(rows: readonly ProcessRow[], now: number, colour: boolean): string {
  const colours = coloursFor(colour);
  const lines = table(
    [
      { title: "NODE" },
      { title: "KIND" },
      { title: "PID", align: "right" },
      { title: "STATE" },
      { title: "MEANT" },
      { title: "UPTIME", align: "right" },
      { title: "RSS", align: "right" },
      { title: "CPU", align: "right" },
    ],
    rows.map((row) => [
      row.node,
      row.kind,
      row.pid === null ? "-" : String(row.pid),
      stateCell(row, colours),
      row.wanted ? "up" : "down",
      row.startedAt === null || row.pid === null ? "-" : age(now - row.startedAt),
      row.rssBytes === null ? "-" : prettyBytes(row.rssBytes, { binary: true }),
      row.cpuMs === null ? "-" : age(row.cpuMs),
    ]),
  );
  const reasons = rows.flatMap(({ node, state, reason }) =>
    reason === null || state === "running" ? [] : wrap(`${node}: ${reason}`, WIDTH),
  );
  return [...lines, ...(reasons.length > 0 ? ["", ...reasons] : []), ""].join("\n");
}

function stateCell({ state, wanted, gaveUp }: ProcessRow, colours: Colours): string {
  if (gaveUp) return colours.red("gave up");
  if (state === "running") return colours.green(state);
  if (state === "waiting") return colours.yellow(state);
  return wanted ? colours.red(state) : state;
}

export function processesJson(cluster: string, rows: readonly ProcessRow[], now: number) {
  return {
    schema: 1,
    cluster,
    observedAt: new Date(now).toISOString(),
    processes: rows.map(({ node, kind, pid, state, reason, wanted, gaveUp, startedAt, rssBytes, cpuMs }) => ({
      node,
      kind,
      pid,
      state,
      reason,
      wanted,
      gaveUp,
      startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
      uptimeSeconds: startedAt === null ? null : Math.max(0, Math.round((now - startedAt) / 1000)),
      rssBytes,
      cpuSeconds: cpuMs === null ? null : cpuMs / 1000,
    })),
  };
}
