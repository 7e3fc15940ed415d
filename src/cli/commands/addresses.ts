import { askAddresses, natMapFor } from "../../operations/addresses.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { printAddresses } from "../print/addresses.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const book = await askAddresses(ctx);
  if (options.json)
    json(io, { schema: 1, cluster: ctx.topology.name, ...book, natMap: natMapFor(ctx.topology, book) });
  else io.out(printAddresses(ctx.topology, book, io.colour));
  const reached = book.addresses.every(({ answeredMs, instead }) => answeredMs !== null || instead !== null);
  return reached && book.sentinels.every(({ error }) => error === null) && book.addresses.length > 0 ? 0 : 1;
}
