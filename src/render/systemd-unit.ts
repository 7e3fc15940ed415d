import { UsageError } from "../errors.ts";
import { isLoopback } from "../topology/names.ts";
import { allNodes, type Topology } from "../topology/model.ts";

/** What a unit is made for, beside the topology. All paths are absolute. */
export interface ServiceFacts {
  /** The `node` that runs Vedette, and Vedette itself. */
  node: string;
  vedette: string;
  /** Where redis-server and redis-cli are: systemd's own PATH is short. */
  path: readonly string[];
  /** Who owns the cluster's state; null in a user's own unit, which runs as that user. */
  user: string | null;
}

const SYSTEM_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

export function serviceName(topology: Topology): string {
  return `vedette-${topology.name}.service`;
}

/** The line by which a unit says whose it is. */
export function serviceMark(topology: Topology): string {
  return `# The cluster ${topology.name} of ${topology.file ?? topology.baseDir}`;
}

/**
 * A unit that runs `up` at boot and `down` at shutdown, and otherwise leaves the processes alone: they are
 * supervised by the steward, and outlive it, `up` and an upgrade of either.
 */
export function renderService(topology: Topology, facts: ServiceFacts): string {
  const { file, baseDir, stateDir } = topology;
  const call = (verb: string) => {
    const where = file === null ? [] : ["-f", file];
    // No variable is looked for in the program's own path, so `$` stands for itself there.
    return [
      quote(facts.node),
      ...[facts.vedette, ...where, verb].map((word) => quote(word).replaceAll("$", "$$$$")),
    ].join(" ");
  };
  const system = facts.user !== null;
  const reachable = allNodes(topology).some(({ host, bind }) => ![host, ...bind].every(isLoopback));
  // Addresses of the network must be there before Redis can bind them.
  const network = reachable
    ? ["Wants=network-online.target", "After=network-online.target"]
    : ["After=network.target"];
  const engine = topology.runtime === "docker" ? ["Requires=docker.service", "After=docker.service"] : [];
  const lines = [
    serviceMark(topology),
    "# Written by `vedette service install`. Write it again after moving the project, Vedette or Node.js.",
    "[Unit]",
    `Description=Redis with Sentinel: cluster ${topology.name} (vedette)`,
    ...(system ? [...network, ...engine] : []),
    ...(system ? [`RequiresMountsFor=${[baseDir, stateDir, facts.vedette].map(quote).join(" ")}`] : []),
    "",
    "[Service]",
    "# `up` ends when the cluster is well; the processes it started stay.",
    "Type=oneshot",
    "RemainAfterExit=yes",
    ...(facts.user === null ? [] : [`User=${facts.user}`]),
    `WorkingDirectory=${specifiers(baseDir)}`,
    `Environment=${quote(`PATH=${[...new Set([...facts.path, ...SYSTEM_PATH])].join(":")}`)}`,
    `ExecStart=${call("up")}`,
    "# In order: Sentinels first, then the nodes, each after it has saved.",
    `ExecStop=${call("down")}`,
    "# systemd itself kills none of them: a node that `down` leaves running has something to save.",
    "KillMode=process",
    "# The kernel killing one node for its memory is a failover, not the end of the cluster.",
    "OOMPolicy=continue",
    "# `up` and `down` have deadlines of their own; a large data set takes minutes to load or to save.",
    "TimeoutStartSec=infinity",
    "TimeoutStopSec=20min",
    "# `up` goes on where it stopped.",
    "Restart=on-failure",
    "RestartSec=10s",
    ...(system ? ["LimitNOFILE=65536"] : []),
    "",
    "[Install]",
    `WantedBy=${system ? "multi-user.target" : "default.target"}`,
    "",
  ];
  return lines.join("\n");
}

/** A word of a unit file: in quotes, where `\` escapes, with `%` (specifiers) doubled. */
function quote(word: string): string {
  return `"${specifiers(word).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function specifiers(text: string): string {
  if (/\p{Cc}/u.test(text)) {
    throw new UsageError(
      `writing the systemd unit: the path ${JSON.stringify(text)} holds a control character`,
      {
        next: "move the project to a path without one",
      },
    );
  }
  return text.replaceAll("%", "%%");
}
