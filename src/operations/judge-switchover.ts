import type { Snapshot } from "../cluster/snapshot.ts";
import type { SwitchoverRecord } from "./switchover-record.ts";

/**
 * What has become of a switchover that is under way, or was cut short:
 *
 * `undo` the master has not moved and nothing is under way: everything goes back to what it was;
 * `finish` the Sentinels have moved it: the old master follows the new one, settings go back;
 * `wait` the Sentinels have not brought it to an end, or too few of them tell.
 */
export type Verdict = { do: "undo" } | { do: "finish"; master: string } | { do: "wait"; why: string };

/**
 * Judges by what the Sentinels and the nodes say, never by how far we believe to have come: whoever carried it out may
 * have died between a request and its answer.
 */
export function judgeSwitchover(record: SwitchoverRecord, snapshot: Snapshot): Verdict {
  const named = snapshot.master?.node ?? null;
  if (named === null) return { do: "wait", why: "no majority of the Sentinels names a master" };
  const heard = snapshot.sentinels.filter((each) => each.up);
  const busy = heard.find((each) => each.flags.includes("failover_in_progress"));
  if (named !== record.from) return finish(named, snapshot);
  if (busy !== undefined) return { do: "wait", why: `${busy.node} says that a failover is under way` };
  // A request that waits in the socket of a Sentinel that hangs is carried out when it goes on.
  const asked = snapshot.sentinels.find((each) => each.node === record.asked);
  if (asked !== undefined && !asked.up && asked.pid !== null) {
    return { do: "wait", why: `${asked.node} was asked for the failover and does not answer` };
  }
  const other = snapshot.nodes.find((each) => each.role === "master" && each.node !== record.from);
  if (other !== undefined) {
    return { do: "wait", why: `${other.node} is master, too, and the Sentinels still name ${record.from}` };
  }
  return { do: "undo" };
}

function finish(named: string, snapshot: Snapshot): Verdict {
  const seen = snapshot.nodes.find((each) => each.node === named);
  if (seen?.state === "up" && seen.role === "master") return { do: "finish", master: named };
  return { do: "wait", why: `${named} is named and is not master yet` };
}
