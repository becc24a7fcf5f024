import { mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { allSchemas } from "./schema/written.ts";

/** Writes the JSON Schemas of what people and programs read and write; a test says when one is out of date. */
const root = resolve(import.meta.dirname, "../..");
const directory = resolve(root, "schema");
await mkdir(directory, { recursive: true });
for (const [name, schema] of Object.entries(allSchemas(root))) {
  const text = `${JSON.stringify(schema, undefined, 2)}\n`;
  await writeFile(resolve(directory, `${name}.schema.json`), text);
}
