import { mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { recipeJsonSchema } from "../src/intake/recipe/recipe.ts";

/** Writes the JSON Schema of bundle.yaml; a test says when it is out of date. */
const directory = resolve(import.meta.dirname, "../../schema");
await mkdir(directory, { recursive: true });
const text = `${JSON.stringify(recipeJsonSchema(), undefined, 2)}\n`;
await writeFile(resolve(directory, "bundle.schema.json"), text);
