import * as z from "zod";
import { directiveKind, knownDirectives, type ConfigFile } from "./directives.ts";
import { ownedHint } from "./owned-directives.ts";
import { topologySchema } from "./schema.ts";

/** The JSON Schema (2020-12) of a topology file, for editors. */
export function topologyJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(topologySchema(), { io: "input" });
  for (const file of ["redis", "sentinel"] as const) {
    const definition = schema.$defs?.[`${file}Config`];
    if (definition !== undefined) definition.properties = directiveProperties(file);
  }
  const { $schema, ...rest } = schema;
  return { $schema, title: "Vedette topology", ...rest };
}

/** Known directives, so that editors complete them and offer their choices. */
function directiveProperties(file: ConfigFile): Record<string, z.core.JSONSchema.JSONSchema> {
  const properties: Record<string, z.core.JSONSchema.JSONSchema> = {};
  for (const name of knownDirectives(file).toSorted()) {
    if (ownedHint(file, name) !== null) continue;
    const kind = directiveKind(file, name);
    if (kind?.kind === "choice") properties[name] = { enum: choices(kind.values) };
    else if (kind?.kind === "flag") properties[name] = { enum: choices(["yes", "no"]) };
    else if (kind?.kind === "number")
      properties[name] = { type: "integer", minimum: kind.min, maximum: kind.max };
    else properties[name] = {};
  }
  return properties;
}

/** YAML's true and false are as good as yes and no. */
function choices(values: readonly string[]): (string | boolean)[] {
  const booleans = [...(values.includes("yes") ? [true] : []), ...(values.includes("no") ? [false] : [])];
  return [...values, ...booleans];
}
