import { z } from "../../src/oci/schema.ts";
import { copySchema, pushSchema } from "./delivery.ts";
import { preflightSchema } from "./preflight.ts";

/** The JSON Schemas of what commands print with --json, by the name of the command. */
export const printedSchemas: Readonly<Record<string, object>> = {
  push: printed("push", pushSchema),
  copy: printed("copy", copySchema),
  preflight: printed("preflight", preflightSchema),
};

/** A newer dray may print more, so what is not known is let through. */
function printed(command: string, schema: z.ZodType): object {
  const options = { target: "draft-2020-12", io: "input" } as const;
  return { title: `dray ${command} --json`, ...z.toJSONSchema(schema, options) };
}
