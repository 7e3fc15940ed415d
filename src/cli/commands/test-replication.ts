import { testReplication } from "../../operations/test-replication.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { printReplicationTest } from "../print/replication-test.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const test = await testReplication(open(io, options));
  if (options.json) json(io, { schema: 1, ...test });
  else io.out(printReplicationTest(test, io.colour));
  return test.ok ? 0 : 1;
}
