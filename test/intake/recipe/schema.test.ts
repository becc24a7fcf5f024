import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { recipeJsonSchema } from "../../../src/intake/recipe/recipe.ts";

it("schema/bundle.schema.json is what the code makes of bundle.yaml", async () => {
  const written = await readFile(
    new URL("../../../schema/bundle.schema.json", import.meta.url),
    "utf8",
  );
  expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(recipeJsonSchema())));
});
