import { describe, expect, it } from "vitest";
import { makeChartOf } from "../../../fixtures/charts.ts";
import { loadPatterns } from "../../../src/chart/regex.ts";
import { composeChart } from "../../../src/helm/values/compose.ts";
import { FORMATS } from "../../../src/helm/values/formats.ts";
import { openSchemas } from "../../../src/helm/values/schema.ts";
import { FORMED, UNFORMED } from "./formed-texts.ts";

await loadPatterns();

describe("formats of schemas", () => {
  it.each(Object.keys(FORMATS))("are told by texts that Helm takes and refuses: %s", (format) => {
    const wrong = (texts: readonly string[] | undefined, wanted: boolean): string[] =>
      (texts ?? []).filter((text) => FORMATS[format]?.(text) !== wanted);
    expect(FORMED[format]?.length).toBeGreaterThan(0);
    expect(UNFORMED[format]?.length).toBeGreaterThan(0);
    expect([wrong(FORMED[format], true), wrong(UNFORMED[format], false)]).toEqual([[], []]);
  });

  it.each([
    ["http://json-schema.org/draft-04/schema#", true],
    ["http://json-schema.org/draft-06/schema#", true],
    ["http://json-schema.org/draft-07/schema#", true],
    ["https://json-schema.org/draft-07/schema", true],
    ["https://json-schema.org/draft/2019-09/schema", false],
    ["https://json-schema.org/draft/2020-12/schema", false],
    ["http://json-schema.org/schema#", false],
    [undefined, false],
  ])("count by the draft, as for Helm: %s", async (draft, counts) => {
    const form = { properties: { a: { format: "uri" } } };
    const [plain, whole] = [form, { ...form, propertyNames: {} }];
    const reason = 'a: expected a text of the form "uri", found "no uri" (values.schema.json)';
    for (const schema of [plain, whole]) {
      expect(await problemsOf({ $schema: draft, ...schema }, "a: no uri")).toEqual(
        counts ? [reason] : [],
      );
      expect(await problemsOf({ $schema: draft, ...schema }, "a: 'http://a'\nb: 1")).toEqual([]);
    }
  });

  it("leave alone what no draft knows", async () => {
    const draft = "http://json-schema.org/draft-07/schema#";
    const schema = { $schema: draft, properties: { a: { format: "port" } } };
    expect(await problemsOf(schema, "a: x")).toEqual([]);
  });
});

describe("schemas of a draft", () => {
  const text = { definitions: { text: { type: "string" } } };
  it.each([
    // Beside a reference nothing counts in old drafts.
    ["http://json-schema.org/draft-07/schema#", { $ref: "#/definitions/text", maxLength: 1 }, 0],
    [undefined, { $ref: "#/definitions/text", maxLength: 1 }, 1],
    // Without a draft it is the newest.
    [undefined, { dependentRequired: { b: ["c"] } }, 0],
    [undefined, { prefixItems: [{ type: "number" }] }, 0],
    [undefined, { type: "string", nullable: true }, 0],
  ])("are read as Helm reads them: %s %j", async (draft, a, count) => {
    const schema = { $schema: draft, ...text, properties: { a } };
    expect(await problemsOf(schema, "a: long")).toHaveLength(count);
  });

  it.each([
    [{ properties: { a: { type: "string", nullable: true } } }, "a:", 1],
    [{ dependentRequired: { a: ["b"] } }, "a: 1", 1],
    [{ properties: { a: { prefixItems: [{ type: "number" }], items: false } } }, "a: [1]", 0],
    [{ properties: { a: {} }, unevaluatedProperties: false }, "b: 1", 1],
    [{ properties: { a: { multipleOf: 0.1 } } }, "a: 0.3", 0],
    [{ properties: { a: { multipleOf: 0.1 } } }, "a: 0.35", 1],
  ])("without a draft are those of the newest: %j", async (schema, values, count) => {
    expect(await problemsOf(schema, values)).toHaveLength(count);
  });
});

async function problemsOf(schema: object, values: string): Promise<string[]> {
  const chart = await makeChartOf({
    "values.yaml": `${values}\n`,
    "values.schema.json": JSON.stringify(schema),
  });
  const schemas = await openSchemas(chart);
  expect([...schemas.unusable]).toEqual([]);
  const problems = await schemas.problemsOf(composeChart(chart, new Map()));
  return problems.map(({ reason }) => reason);
}
