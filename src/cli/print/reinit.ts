import prettyBytes from "pretty-bytes";
import type { ReinitPlan } from "../../operations/reinit.ts";
import type { NodeId } from "../../topology/model.ts";
import { coloursFor } from "./colours.ts";

/** What a rebuild deletes, and what the cluster goes without meanwhile. */
export function printReinit(node: NodeId, { room, costs }: ReinitPlan, colour: boolean): string {
  const colours = coloursFor(colour);
  const older = room.aside.map((path) => `, and ${path}, left by an earlier attempt`).join("");
  const lines = [
    `This deletes the data of ${colours.bold(node)}, ${prettyBytes(room.bytes)}${older}.`,
    ...costs.map((cost) => colours.yellow(`Meanwhile ${cost}.`)),
  ];
  return `${lines.join("\n")}\n`;
}
