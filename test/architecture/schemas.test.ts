import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import { allSchemas } from "../../scripts/schema/written.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

it("schema/ holds what `npm run schema` writes, and each of it is a JSON Schema", async () => {
  const wanted = allSchemas(ROOT);
  const names = await readdir(resolve(ROOT, "schema"));
  expect(names.toSorted()).toEqual(
    Object.keys(wanted)
      .map((name) => `${name}.schema.json`)
      .toSorted(),
  );
  for (const [name, schema] of Object.entries(wanted)) {
    const file = resolve(ROOT, "schema", `${name}.schema.json`);
    const found = JSON.parse(await readFile(file, "utf8")) as object;
    expect({ name, found }).toEqual({ name, found: JSON.parse(JSON.stringify(schema)) as object });
    expect(() =>
      new Ajv2020({ strict: false, formats: { "date-time": true } }).compile(found),
    ).not.toThrow();
  }
});
