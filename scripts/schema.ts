import { mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { inventoryJsonSchema } from "../src/delivery/inventory-document.ts";
import { receiptJsonSchema } from "../src/delivery/receipt-schema.ts";
import { targetJsonSchema } from "../src/delivery/target-file.ts";
import { recipeJsonSchema } from "../src/intake/recipe/recipe.ts";
import { printedSchemas } from "./schema/printed.ts";

/** Writes the JSON Schemas of what people and programs read and write; tests say when one is out of date. */
const directory = resolve(import.meta.dirname, "../../schema");
await mkdir(directory, { recursive: true });
const schemas = {
  bundle: recipeJsonSchema(),
  target: targetJsonSchema(),
  receipt: receiptJsonSchema(),
  inventory: inventoryJsonSchema(),
  ...printedSchemas,
};
for (const [name, schema] of Object.entries(schemas)) {
  const text = `${JSON.stringify(schema, undefined, 2)}\n`;
  await writeFile(resolve(directory, `${name}.schema.json`), text);
}
