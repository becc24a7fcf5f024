import { describe, expect, it } from "vitest";
import { loadPatterns } from "../../../src/chart/regex.ts";
import { Integer, type Value } from "../../../src/helm/template/value.ts";
import { plainCheck } from "../../../src/helm/values/plain-schema.ts";
import { makeValidator } from "../../../src/helm/values/validator.ts";

await loadPatterns();

/** Values as JSON has them, and as charts do. */
const VALUES: readonly (readonly [unknown, Value])[] = [
  [null, null],
  [true, true],
  [0, 0n],
  [3, Integer.int64(3n)],
  [1.5, 1.5],
  [Number.NaN, Number.NaN],
  ["", ""],
  ["web", "web"],
  ["😀é", "😀é"],
  [[], []],
  [
    [1, "a"],
    [1, "a"],
  ],
  [{}, new Map()],
  [{ a: 1 }, new Map([["a", 1]])],
  [{ a: "x", b: [2] }, new Map<string, Value>([["a", "x"], ["b", [2]]])], // prettier-ignore
  [{ xa: null, b: {} }, new Map<string, Value>([["xa", null], ["b", new Map()]])], // prettier-ignore
];

const PLAIN: readonly object[] = [
  {},
  { type: "object" },
  { type: ["string", "null"] },
  { type: "integer" },
  { type: "number" },
  { type: "array", items: { type: "integer" } },
  { enum: ["web", 3, null] },
  { const: true },
  { minimum: 1 },
  { maximum: 2 },
  { minLength: 1, maxLength: 2 },
  { minItems: 1, maxItems: 1 },
  { pattern: "^[a-z]+$" },
  { allOf: [{ pattern: "^w" }, { pattern: "x$" }] },
  { required: ["a"] },
  { properties: { a: { type: "string" }, b: { type: "array" } } },
  { properties: { a: {} }, additionalProperties: false },
  { patternProperties: { "^x": { type: "null" } }, additionalProperties: { type: "object" } },
  { additionalProperties: { type: ["number", "array"] } },
  { anyOf: [{ type: "string" }, { required: ["a"] }] },
  { oneOf: [{ type: "object" }, { required: ["b"] }] },
  { allOf: [{ minLength: 1 }, { minimum: 3 }] },
  { $defs: { text: { type: "string" } }, properties: { a: { $ref: "#/$defs/text" } } },
  { title: "x", description: "y", default: 1, examples: [1], format: "uri" },
  { properties: { a: true, b: false } },
];

describe("the check of a plain schema", () => {
  it.each(PLAIN.map((schema) => [JSON.stringify(schema), schema] as const))(
    "takes what the validator of %s takes",
    async (_name, schema) => {
      const words = new Map<string, unknown>(Object.entries(schema));
      const validate = await makeValidator({ draft: "", words });
      const check = plainCheck(words);
      expect(VALUES.map(([, value]) => check?.(value))).toEqual(
        VALUES.map(([json]) => validate(json)),
      );
    },
  );

  it.each([
    ["a word that it does not know", { properties: { a: { multipleOf: 2 } } }],
    ["a type that there is not", { type: "text" }],
    ["a pattern that is none", { properties: { a: { pattern: "(" } } }],
    ["a list of names that is none", { required: true }],
    ["a reference that leads nowhere", { properties: { a: { $ref: "#/$defs/b" } } }],
    [
      "a reference in a circle",
      { $defs: { a: { items: { $ref: "#/$defs/a" } } }, $ref: "#/$defs/a" },
    ],
    ["a table among the values allowed", { enum: [{}] }],
    ["no alternative", { anyOf: [] }],
  ])("is not made of a schema with %s", (_what, schema) => {
    expect(plainCheck(new Map<string, unknown>(Object.entries(schema)))).toBeUndefined();
  });

  it("is not made of a schema without end", () => {
    let schema: object = {};
    for (let depth = 0; depth < 1000; depth++) schema = { items: schema };
    expect(plainCheck(new Map<string, unknown>(Object.entries(schema)))).toBeUndefined();
  });
});
