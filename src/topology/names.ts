/** Names and addresses: what may be one, and what it tells about who can reach it. */

/** Node names as the seed gives them: the initial master, then its replicas. */
export function redisIds(replicas: number): string[] {
  return ["redis-master", ...Array.from({ length: replicas }, (_, i) => `redis-slave-${i + 1}`)];
}

export function sentinelIds(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `redis-sentinel-${i + 1}`);
}

/**
 * A cluster name becomes a directory, Sentinel's name of the master and part of service names, so it is
 * limited to what all of them take.
 */
export const CLUSTER_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$/;

/** The form in which addresses are compared and used: `localhost` is what Redis resolves it to. */
export function canonicalHost(host: string): string {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (bare.toLowerCase() === "localhost") return "127.0.0.1";
  return bare.includes(":") && !bare.includes(".") ? shortest(bare) : bare;
}

/** `0:0:0:0:0:0:0:1` as `::1`: Sentinel resolves and prints addresses so, and nodes are found by comparing them. */
function shortest(ipv6: string): string {
  try {
    return new URL(`http://[${ipv6}]`).hostname.slice(1, -1);
  } catch {
    return ipv6; // `::*`, or nothing that is an address
  }
}

/** What `bind` takes: one or several addresses separated by spaces, as in redis.conf. */
export function isBind(text: string): boolean {
  const addresses = bindAddresses(text);
  return (
    addresses.length > 0 &&
    addresses.map(bindAddress).every((address) => isWildcard(address) || isHost(address))
  );
}

export function bindAddresses(text: string): string[] {
  return text.split(/\s+/).filter((entry) => entry !== "");
}

/** A `bind` entry without the `-` that lets Redis start when the address does not exist. */
export function bindAddress(entry: string): string {
  return canonicalHost(entry.startsWith("-") ? entry.slice(1) : entry);
}

/** Listens on every interface. `::*` is how Redis writes the IPv6 wildcard. */
export function isWildcard(host: string): boolean {
  if (host === "*" || host === "::*") return true;
  return isIpv4(host) ? host === "0.0.0.0" : ipv6(host) === "::";
}

/** Reachable from this machine only. A host name other than localhost is not taken on trust. */
export function isLoopback(host: string): boolean {
  const name = canonicalHost(host);
  if (isIpv4(name)) return name.startsWith("127.");
  const address = ipv6(name);
  return address !== null && (address === "::1" || /^::ffff:7f[0-9a-f]{2}:/.test(address));
}

export function isIp(host: string): boolean {
  return isIpv4(host) || ipv6(host) !== null;
}

/** An IP address or a host name that DNS could carry. */
export function isHost(host: string): boolean {
  if (isIp(host)) return true;
  // All digits and dots is a mistyped address, not a name.
  if (/^[\d.]+$/.test(host) || host.length > 253) return false;
  return host.split(".").every((label) => /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
}

export function isIpv4(host: string): boolean {
  const parts = host.split(".");
  return (
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  );
}

/** The canonical text of an IPv6 address, or null for anything else. */
function ipv6(host: string): string | null {
  if (!/^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(host)) return null;
  const url = `http://[${host}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : null;
}
