import { isMap, parseDocument } from "yaml";
import type { Topology } from "./model.ts";

/** Where each node is reached and keeps its data is the sandbox's own affair. */
const NODE_PLACES = ["port", "bind", "announce", "dataDir"];
/** Files and programs outside the sandbox: a socket that the real node has, a script that pages somebody. */
const OUTSIDE = {
  redis: ["unixsocket", "unixsocketperm"],
  sentinel: ["notification-script", "client-reconfig-script"],
};

/**
 * The text of a topology for a throw-away copy of the cluster: the same nodes, sizes and settings, as processes, on ports
 * and in directories of its own, on loopback. Relative paths start from the copy's file.
 */
export function sandboxTopology(text: string, topology: Topology, firstPort: number): string {
  const given = parseDocument(text);
  const document = isMap(given.contents) ? given : parseDocument("{}");
  for (const key of ["stateDir", "backupDir", "announce", "docker", "redis.dataDir"]) drop(key.split("."));
  for (const part of ["redis", "sentinel"] as const) {
    for (const name of OUTSIDE[part]) drop([part, "config", name]);
    for (const { id } of topology[part].nodes) {
      for (const place of NODE_PLACES) drop([part, "nodes", id, place]);
      for (const name of OUTSIDE[part]) drop([part, "nodes", id, "config", name]);
    }
  }
  const sentinelPort = firstPort + topology.redis.nodes.length;
  set(["name"], topology.name);
  set(["runtime"], "local");
  set(["bind"], "127.0.0.1");
  set(["production"], false);
  set(["redis", "port"], firstPort);
  set(["sentinel", "port"], sentinelPort);
  const { passwordFile } = topology.security;
  if (passwordFile !== null) set(["security", "passwordFile"], passwordFile);
  return document.toString();

  function drop(keys: string[]): void {
    const around = document.getIn(keys.slice(0, -1), true);
    if (isMap(around)) document.deleteIn(keys);
  }

  function set(keys: string[], value: string | number | boolean): void {
    const [first = ""] = keys;
    // `redis:` with nothing behind it is an empty mapping to us, and null to YAML, into which no key can be put.
    if (keys.length > 1 && !isMap(document.get(first, true))) document.delete(first);
    document.setIn(keys, value);
  }
}
