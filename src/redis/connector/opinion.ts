import type { EventAddress } from "../events.ts";
import type { SentinelMaster, SentinelReplica } from "../sentinel-replies.ts";
import { sameAddress } from "./settings.ts";

/** What one Sentinel answered. */
export interface Opinion {
  master: EventAddress;
  /** -1 when it did not tell. */
  epoch: number;
  /** The replica that it promotes right now, as the leader of a failover. */
  promoting: EventAddress | null;
}

/** One Sentinel's three replies as an opinion; null when it names no master. */
export function toOpinion(
  master: SentinelMaster | null,
  named: EventAddress | null,
  replicas: readonly SentinelReplica[],
): Opinion | null {
  const own = master?.host && master.port !== null ? { host: master.host, port: master.port } : null;
  // GET-MASTER-ADDR-BY-NAME is ahead: a leader gives the promoted replica there while the other still shows the old.
  const address = named ?? own;
  if (address === null) return null;
  const promoted = replicas.find(({ flags }) => flags.includes("promoted"));
  return {
    master: address,
    epoch: master?.configEpoch ?? -1,
    promoting: promoted === undefined ? null : { host: promoted.host, port: promoted.port },
  };
}

/**
 * The master according to the Sentinels: the highest config epoch wins, since a Sentinel that was away tells an older
 * decision in good faith. Among equals the most votes win, then the order in which the Sentinels are listed.
 */
export function chooseMaster(opinions: readonly Opinion[]): EventAddress | null {
  const newest = Math.max(...opinions.map(({ epoch }) => epoch));
  const latest = opinions.filter(({ epoch }) => epoch === newest);
  const votes = (one: Opinion) => latest.filter((other) => sameAddress(other.master, one.master)).length;
  const most = Math.max(...latest.map(votes));
  return latest.find((one) => votes(one) === most)?.master ?? null;
}

/** The replica that a leading Sentinel promotes right now. */
export function beingPromoted(opinions: readonly Opinion[]): EventAddress | null {
  return opinions.find(({ promoting }) => promoting !== null)?.promoting ?? null;
}

/** Whether more than half of all `count` Sentinels name this address at the newest epoch that anyone tells. */
export function isConfirmed(address: EventAddress, opinions: readonly Opinion[], count: number): boolean {
  const newest = Math.max(...opinions.map(({ epoch }) => epoch));
  const agreeing = opinions.filter((one) => one.epoch === newest && sameAddress(one.master, address));
  return agreeing.length > count / 2;
}
