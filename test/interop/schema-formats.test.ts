import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { chartYaml } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { defaults } from "../../src/defaults.ts";
import { FORMED, UNFORMED } from "../helm/values/formed-texts.ts";

/** Each text under a key of its own. */
const ENTRIES = [FORMED, UNFORMED].flatMap((texts) =>
  Object.entries(texts).flatMap(([format, all]) => all.map((text) => ({ format, text }))),
);

it("texts have the formats that the validator of the helm at hand says", async (context) => {
  const helm = (await defaults().helm()) ?? context.skip("needs helm");
  const folder = await temporaryDirectory();
  await mkdir(join(folder, "templates"));
  const properties = ENTRIES.map(({ format }, at) => [`k${at}`, { format }] as const);
  const draft = "http://json-schema.org/draft-07/schema#";
  const files = {
    "Chart.yaml": chartYaml("demo"),
    "values.yaml": JSON.stringify(
      Object.fromEntries(ENTRIES.map(({ text }, at) => [`k${at}`, text])),
    ),
    "values.schema.json": JSON.stringify({
      $schema: draft,
      properties: Object.fromEntries(properties),
    }),
  };
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  const { stderr } = spawnSync(helm, ["template", folder], { encoding: "utf8" });
  const refused = new Set([...stderr.matchAll(/at '\/(k\d+)'/g)].map(([, key]) => key));
  const wanted = ENTRIES.filter((_entry, at) => refused.has(`k${at}`));
  const known = ENTRIES.filter(({ format, text }) => UNFORMED[format]?.includes(text));
  expect(wanted).toEqual(known);
});
