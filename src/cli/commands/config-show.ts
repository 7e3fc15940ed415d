import { explainTopology } from "../../topology/explain.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { openTopology } from "../open.ts";
import { table } from "../print/table.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const resolved = openTopology(options);
  const { topology } = resolved;
  const rows = explainTopology(resolved);
  if (options.json) {
    json(io, { schema: 1, cluster: topology.name, file: topology.file, config: rows });
    return 0;
  }
  const columns = [{ title: "KEY" }, { title: "VALUE" }, { title: "FROM" }];
  io.out(
    table(
      columns,
      rows.map(({ key, value, origin }) => [key, value, origin]),
    ).join("\n"),
  );
  return 0;
}
