import type { Invocation } from "../command.ts";
import { connectTo } from "./connect.ts";

export async function run(invocation: Invocation): Promise<number> {
  return connectTo(invocation, () => ({ role: "master" }));
}
