import { findings } from "../../cluster/findings.ts";
import { statusJson } from "../../cluster/status-json.ts";
import { look } from "../../operations/context.ts";
import { stepsUp, up } from "../../operations/up.ts";
import type { Invocation } from "../command.ts";
import { confirm, json } from "../io.ts";
import { open } from "../open.ts";
import { printPicture } from "../print/picture.ts";
import { printSteps } from "../print/steps.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options, (line) => io.note(line));
  const force = typeof options.forceMaster === "string" ? options.forceMaster : null;
  const wish = { force, steward: options.steward !== false };
  if (options.dryRun) {
    io.out(printSteps("up", await stepsUp(ctx, wish), io.colour));
    return 0;
  }
  if (force !== null && !(await confirmForce(io, options.yes === true, force))) return 1;
  const begun = ctx.clock.monotonic();
  await up(ctx, wish);
  const snapshot = await look(ctx);
  if (options.json) json(io, statusJson(ctx.topology, snapshot, findings(ctx.topology, snapshot)));
  else
    io.out(
      printPicture(ctx.topology, snapshot, {
        ms: ctx.clock.monotonic() - begun,
        colour: io.colour,
        via: via(),
      }),
    );
  return 0;
}

function confirmForce(io: Invocation["io"], yes: boolean, node: string): Promise<boolean> {
  return confirm(
    io,
    yes,
    `Start with ${node} as master? The other nodes will copy its data; what only they hold is lost.`,
  );
}

/** The Makefile says so: in a checkout there may be no `vedette` on PATH. */
function via(): "make" | "vedette" {
  return process.env["VEDETTE_VIA"] === "make" ? "make" : "vedette";
}
