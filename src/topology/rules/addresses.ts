import { allNodes, isBridged, type ClusterNode, type RedisNode, type Topology } from "../model.ts";
import { bindAddress, isIp, isLoopback, isWildcard } from "../names.ts";
import { keyOf, type Report } from "./rule.ts";

/** Ports and addresses: every node listens alone, is found by its peers, and not by strangers. */

export function portsInRange(topology: Topology, { problems, source }: Report): void {
  for (const nodes of [topology.redis.nodes, topology.sentinel.nodes]) {
    const beyond = nodes.find((node) => node.port > 65_535);
    if (beyond === undefined) continue;
    problems.error(source(keyOf(beyond, "port")), `leaves no port for ${beyond.id}: ports end at 65535`, {
      found: beyond.port,
    });
  }
}

export function portsAreUnique(topology: Topology, { problems, source }: Report): void {
  const nodes = allNodes(topology);
  nodes.forEach((node, i) => {
    const other = nodes.slice(0, i).find((earlier) => clash(earlier, node));
    if (other === undefined) return;
    // Point at the one that the file sets by itself, else at the one whose count the file starts: the slip is there.
    const written = [node, other].filter((one) => problems.places.keys.has(source(keyOf(one, "port"))));
    const culprit =
      written.find((one) => source(keyOf(one, "port")) === keyOf(one, "port")) ?? written[0] ?? node;
    const taken = culprit === node ? other : node;
    problems.error(source(keyOf(culprit, "port")), `${culprit.id} and ${taken.id} have the same port`, {
      found: node.port,
      hint: "give one of them another port",
    });
  });
}

function clash(a: ClusterNode, b: ClusterNode): boolean {
  if (a.port !== b.port) return false;
  if (a.host === b.host) return true;
  const [ours, theirs] = [a.bind.map(bindAddress), b.bind.map(bindAddress)];
  if (ours.some(isWildcard) || theirs.some(isWildcard)) return true;
  return ours.some((address) => theirs.includes(address));
}

/** Two processes cannot listen on one socket; these are easily written into the configuration of all. */
export function onePerNode(topology: Topology, { problems }: Report): void {
  for (const name of ["unixsocket", "tls-port"]) {
    const users = new Map<string, RedisNode>();
    for (const node of topology.redis.nodes) {
      const directive = node.directives.find((candidate) => candidate.name === name);
      const value = directive?.args[0] ?? "";
      if (directive?.origin.from !== "file" || value === "" || value === "0") continue;
      const other = users.get(value);
      users.set(value, node);
      if (other === undefined) continue;
      problems.error(directive.origin.key, `is the same for ${other.id} and ${node.id}`, {
        found: value,
        hint: "set it under redis.nodes.NODE.config, differently for each",
      });
      break;
    }
  }
}

/** An address that another machine can reach needs a password: the first visitor could take the cluster. */
export function strangersMustAuthenticate(topology: Topology, { problems, source }: Report): void {
  if (topology.security.passwordFile !== null || problems.isBroken("security")) return;
  const reported = new Set<string>();
  for (const node of allNodes(topology)) {
    const open = node.bind.find((address) => !isLoopback(bindAddress(address)));
    const key = source(keyOf(node, "bind"));
    if (open === undefined || reported.has(key)) continue;
    reported.add(key);
    problems.error(key, "can be reached from other machines without a password", {
      found: open,
      hint: "set security.passwordFile, or bind 127.0.0.1",
    });
  }
}

function isInside(topology: Topology, { host }: ClusterNode): boolean {
  return isBridged(topology) && prefixOf(topology.docker.subnet) === prefixOf(host);
}

function prefixOf(address: string): string {
  return address.split(".").slice(0, 3).join(".");
}

export function wildcardsNeedAnAddress(topology: Topology, { problems, source }: Report): void {
  if (problems.isBroken("announce")) return;
  const reported = new Set<string>();
  for (const node of allNodes(topology)) {
    const key = source(keyOf(node, "bind"));
    if (problems.isBroken(keyOf(node, "announce"))) continue;
    if (isWildcard(node.host)) {
      const at = node.announced ? source(keyOf(node, "announce")) : key;
      if (reported.has(at)) continue;
      reported.add(at);
      problems.error(at, "does not tell which address peers and clients should use", {
        found: node.host,
        hint: "set announce to an address of this machine",
      });
    }
  }
}

export function announcedAddressesAreServed(topology: Topology, { problems, source }: Report): void {
  // In a network of containers a node listens on its own address, which nobody wrote down.
  const nodes = allNodes(topology).filter((node) => !isInside(topology, node));
  const elsewhere = nodes.some((node) => !isLoopback(node.host));
  const reported = new Set<string>();
  for (const node of nodes) {
    if (!node.announced || !isIp(node.host) || isWildcard(node.host)) continue;
    const key = source(keyOf(node, "announce"));
    if (reported.has(key)) continue;
    const onlyLoopback = node.bind.every((address) => isLoopback(bindAddress(address)));
    if (onlyLoopback && !isLoopback(node.host)) {
      reported.add(key);
      problems.error(key, `${node.id} announces an address on which it does not listen`, {
        found: node.host,
        hint: "add it to bind",
      });
    } else if (isLoopback(node.host) && elsewhere) {
      reported.add(key);
      const text = `${node.id} is known by ${node.host}, which other machines take for themselves`;
      problems.info(key, text, { hint: "announce an address that every client can reach" });
    }
  }
}
