import { resolve } from "node:path";
import { inventoryJsonSchema } from "../../src/delivery/inventory-document.ts";
import { receiptJsonSchema } from "../../src/delivery/receipt-schema.ts";
import { targetJsonSchema } from "../../src/delivery/target-file.ts";
import { lockJsonSchema } from "../../src/intake/recipe/lock.ts";
import { recipeJsonSchema } from "../../src/intake/recipe/recipe.ts";
import type { Documents } from "./documents.ts";
import type { Schema } from "./schema-writer.ts";
import { TypeSchemas } from "./type-schemas.ts";

/** Files that dray writes: all others are printed. */
const FILES: ReadonlySet<keyof Documents> = new Set(["proof", "mapping"]);

/** A newer dray may print more: what reads a document lets through what it does not know. */
const OPEN = "Fields that stand in no schema of yours are of a newer dray: let them pass.";

/**
 * Every file of schema/, by its name without the ending. What dray reads is described by what it is
 * checked with, what it prints by the types of its reports. `root` is the folder of the package.
 */
export function allSchemas(root: string): Readonly<Record<string, object>> {
  return {
    bundle: recipeJsonSchema(),
    target: targetJsonSchema(),
    lock: lockJsonSchema(),
    receipt: receiptJsonSchema(),
    inventory: inventoryJsonSchema(),
    ...printedSchemas(root),
  };
}

function printedSchemas(root: string): Readonly<Record<string, Schema>> {
  const found = new TypeSchemas(resolve(root, "scripts/schema/documents.ts"), "Documents").all();
  return Object.fromEntries(
    Object.entries(found).map(([name, schema]) => [name, titled(name, schema)]),
  );
}

function titled(name: string, { description, ...schema }: Schema): Schema {
  const isFile = [...FILES].some((file) => file === name);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: isFile ? `dray ${name}.json` : `dray ${name} --json`,
    description: `${String(description)} ${OPEN}`,
    ...schema,
  };
}
