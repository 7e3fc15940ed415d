import { join } from "node:path";
import type { NodeId, Topology } from "../../topology/model.ts";
import type { SideWork } from "../runtime.ts";

/** Where everything of one cluster lives on this machine. All paths are absolute. */
export interface StatePaths {
  root: string;
  run: string;
  logs: string;
  history: string;
  plans: string;
  script: string;
  positions: string;
  pause: string;
  wanted: string;
  supervision: string;
  marker: string;
  claims(what: "operation" | "steward" | SideWork): string;
  pid(node: NodeId): string;
  wait(node: NodeId): string;
  hold(node: NodeId): string;
  force(node: NodeId): string;
  log(node: NodeId): string;
  redis(node: NodeId): string;
  sentinel(node: NodeId): string;
}

export function statePaths(topology: Topology): StatePaths {
  const root = topology.stateDir;
  const run = join(root, "run");
  return {
    root,
    run,
    logs: join(root, "log"),
    history: join(root, "history.jsonl"),
    plans: join(root, "plans"),
    script: join(root, "bin", "node-start.sh"),
    positions: join(run, "positions.json"),
    pause: join(run, "pause.json"),
    wanted: join(run, "wanted.json"),
    supervision: join(run, "supervision.json"),
    marker: join(root, "cluster.json"),
    claims: (what) => join(run, "claims", what),
    pid: (node) => join(run, `${node}.pid`),
    wait: (node) => join(run, `${node}.wait`),
    hold: (node) => join(run, `${node}.hold`),
    force: (node) => join(run, `${node}.force`),
    log: (node) => join(root, "log", `${node}.log`),
    redis: (node) => join(root, "redis", node),
    sentinel: (node) => join(root, "sentinel", node),
  };
}
