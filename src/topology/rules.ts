import type { ResolvedTopology } from "./model.ts";
import type { Problems } from "./problems.ts";
import * as addresses from "./rules/addresses.ts";
import * as data from "./rules/data.ts";
import * as docker from "./rules/docker.ts";
import * as durability from "./rules/durability.ts";
import * as failover from "./rules/failover.ts";
import type { Report, Rule } from "./rules/rule.ts";

const RULES: Rule[] = [
  addresses.portsInRange,
  addresses.portsAreUnique,
  addresses.onePerNode,
  addresses.strangersMustAuthenticate,
  addresses.wildcardsNeedAnAddress,
  addresses.announcedAddressesAreServed,
  failover.quorumIsPossible,
  failover.quorumIsWise,
  failover.someoneCanBePromoted,
  failover.ruleA,
  failover.ruleB,
  failover.failoverTimeoutIsModest,
  data.writesArePossible,
  durability.fenceHolds,
  durability.confirmedNeedsEqualPriorities,
  durability.writesSurviveAFailover,
  data.directoriesAreApart,
  data.dataSurvivesRestarts,
  data.productionKeepsKeys,
  docker.maxMemoryIsBelowTheLimit,
  docker.dataStaysInVolumes,
  docker.filesAreInside,
];

/** Adds to `problems` whatever a well-formed topology gets wrong as a whole. */
export function checkRules(resolved: ResolvedTopology, problems: Problems): void {
  const report: Report = {
    problems,
    source(key) {
      const origin = resolved.origins.get(key);
      return origin?.from === "file" ? origin.key : key;
    },
  };
  for (const rule of RULES) rule(resolved.topology, report);
}
