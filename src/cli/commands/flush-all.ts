import { beforeFlush, flushAll } from "../../operations/flush-all.ts";
import type { Invocation } from "../command.ts";
import { confirmByName, json } from "../io.ts";
import { open } from "../open.ts";
import { printFlush, printFlushSight } from "../print/flush.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const { name } = ctx.topology;
  const sight = await beforeFlush(ctx);
  if (Object.keys(sight.keys).length === 0) {
    if (options.json)
      json(io, { schema: 1, cluster: name, master: sight.master, deleted: {}, replicas: [], ms: 0 });
    else io.out(`${name} holds no keys: nothing to delete`);
    return 0;
  }
  io.note(printFlushSight(name, sight, io.colour));
  if (!(await confirmByName(io, options.yes === true, "This deletes all keys, on every node.", name))) {
    io.note("nothing was touched");
    return 1;
  }
  const flush = await flushAll(ctx, sight.master);
  if (options.json) json(io, { schema: 1, ...flush });
  else io.out(printFlush(flush, io.colour));
  return flush.replicas.every((replica) => replica.empty) ? 0 : 1;
}
