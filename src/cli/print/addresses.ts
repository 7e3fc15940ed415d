import { inspect } from "node:util";
import { natMapFor, type AddressBook, type AddressSeen } from "../../operations/addresses.ts";
import type { Topology } from "../../topology/model.ts";
import { coloursFor, type Colours } from "./colours.ts";
import { table } from "./table.ts";

/** One line an entry, as people write it. */
const LAYOUT = { depth: 4, compact: 1, breakLength: 80 };

/** `vedette addresses`: what the Sentinels tell clients, and whether a client on this machine gets there. */
export function printAddresses(topology: Topology, book: AddressBook, colour: boolean): string {
  const colours = coloursFor(colour);
  const asked = book.sentinels.map(({ node, asked: at, error }) => [
    node,
    `${at.host}:${at.port}`,
    error === null ? colours.green("answers") : colours.red(error),
  ]);
  const total = book.sentinels.filter(({ error }) => error === null).length;
  const rows = book.addresses.map((each) => [
    `${each.host}:${each.port}`,
    each.node ?? colours.red("no node of the topology"),
    each.role,
    // No Sentinel tells of itself.
    `${each.toldBy.length} of ${each.role === "sentinel" ? total - 1 : total}`,
    fromHere(each, colours),
  ]);
  return [
    ...table([{ title: "SENTINEL" }, { title: "ASKED AT" }, { title: "FROM HERE" }], asked),
    "",
    ...table(
      [
        { title: "TOLD ADDRESS" },
        { title: "NODE" },
        { title: "AS" },
        { title: "TOLD BY" },
        { title: "FROM HERE" },
      ],
      rows,
    ),
    "",
    ...advice(topology, book),
  ].join("\n");
}

function fromHere({ answeredMs, error, instead }: AddressSeen, colours: Colours): string {
  if (answeredMs !== null) return colours.green(`answers in ${answeredMs.toFixed(1)} ms`);
  if (instead !== null) return colours.yellow(`only as ${instead.host}:${instead.port}`);
  return colours.red(error ?? "no answer");
}

function advice(topology: Topology, book: AddressBook): string[] {
  const natMap = natMapFor(topology, book);
  if (book.addresses.some(({ answeredMs, instead }) => answeredMs === null && instead === null)) {
    return [
      "Some addresses cannot be reached from here, so a client here cannot follow a failover there.",
      "Who is down tells `vedette status`; docs/docker.md tells which address to announce.",
    ];
  }
  if (natMap === null) return ["A client on this machine reaches every address that the Sentinels tell it."];
  const sentinels = book.sentinels.map(({ asked }) => asked);
  return [
    "Docker keeps the nodes' network to itself here, so a client on this machine must translate. For ioredis:",
    "",
    ...`new Redis(${inspect({ name: topology.name, sentinels, natMap }, LAYOUT)})`
      .split("\n")
      .map((line) => `  ${line}`),
    "",
    "node-redis takes the same map as nodeAddressMap. A client in the nodes' own network needs none.",
  ];
}
