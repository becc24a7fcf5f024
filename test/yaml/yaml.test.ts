import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Budget } from "../../src/helm/template/budget.ts";
import { writeJson } from "../../src/helm/template/print.ts";
import type { Dict, Value } from "../../src/helm/template/value.ts";
import { KeyPlaces, splitDocuments } from "../../src/yaml/places.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { writeYaml } from "../../src/helm/template/to-yaml.ts";
import { readTexts, readUserYaml } from "../../src/yaml/texts.ts";
import { DrayError } from "../../src/errors.ts";
import { endsWell } from "../chart/ends-well.ts";
import { refusal } from "../refusal.ts";

const read = (text: string): Value => readYaml(text, "a text");
const valueOf = (text: string): Value | undefined => (read(`v: ${text}`) as Dict).get("v");

describe("readYaml()", () => {
  it.each([
    ["1.10", 1.1],
    ["yes", true],
    ["y", true],
    ["off", false],
    ["0777", 511],
    ["0o17", 15],
    ["0x1F", 31],
    ["0b11", 3],
    ["0x_", "0x_"],
    ["1_000", 1000],
    ["1e3", 1000],
    [".5", 0.5],
    ["+1", 1],
    ["2020-01-01", "2020-01-01"],
    ["1:30", "1:30"],
    ["~", null],
    ["", null],
    ['"1"', "1"],
    ["!!str 12", "12"],
    ["=", "="],
    ["0X1f", 31],
    ["0B11", 3],
    ["-_1", -1],
    ["08", 8],
    ["1_0.5", 10.5],
    ["._5", "._5"],
    ["1e400", "1e400"],
    [".iNf", ".iNf"],
    ["2001-01-01", "2001-01-01"],
    ["18446744073709551616", 18446744073709551616],
    ["-0x8000000000000001", "-0x8000000000000001"],
    ["!foo 1", "1"],
    ["!!int '1'", 1],
    ["!!float 1", 1],
    ["!!bool yes", true],
    ["!!binary aGVsbG8=", "hello"],
    ['"<<"', "<<"],
  ])("reads %s as Helm does", (text, wanted) => {
    expect(valueOf(text)).toBe(wanted);
  });

  it("takes the last of equal keys, and makes every key a text", () => {
    expect([...(read("a: 1\na: 2\n1: x\nno: z\n") as Dict)]).toEqual([
      ["1", "x"],
      ["a", 2],
      ["false", "z"],
    ]);
  });

  it.each([
    ["<<: *b\n  z: 3", { x: 1, z: 3 }],
    ["z: 3\n  <<: *b", { x: 1, z: 2 }],
    ["<<: *b\n  <<: *c", { x: 4, z: 2, w: 5 }],
    ["<<: [*b, *c]", { x: 1, z: 2, w: 5 }],
    ["!!merge <<: *b\n  z: 3", { x: 1, z: 3 }],
    ['"<<": *b', { "<<": { x: 1, z: 2 } }],
  ])("brings in merged entries, which win over those before and not behind: %s", (text, wanted) => {
    const value = read(`b: &b {x: 1, z: 2}\nc: &c {x: 4, w: 5}\nv:\n  ${text}\n`) as Dict;
    const merged = writeJson(value.get("v") ?? null, { budget: new Budget() });
    expect(JSON.parse(merged)).toEqual(wanted);
  });

  it.each([
    ["1e6: v", "1e+06"],
    ["1000000: v", "1000000"],
    ["0.12345678901: v", "0.12345679"],
    ["9223372036854775807: v", "9223372036854775807"],
    ["0x10: v", "16"],
    ["-0.0: v", "-0"],
    ["2001-01-01: v", "2001-01-01"],
    [".inf: v", ".inf"],
    ['"null": v', "null"],
  ])("makes the text of a key that Helm makes: %s", (text, key) => {
    expect([...(read(text) as Dict)]).toEqual([[key, "v"]]);
  });

  it.each([
    ["a: 1\n---\nb: [1,", '{"a":1}'],
    ["# c\n---\na: 1\n...\nb: 1", '{"a":1}'],
    ["---\n---\na: 1", "null"],
    ["  a: 1\nb: 2", '{"a":1}'],
    ["  - a\nb: 2", '["a"]'],
    ["{a: 1} b", '{"a":1}'],
    ["[a]\nb: 2", '["a"]'],
    ["a: |\n  ---\n  b\n", '{"a":"---\\nb\\n"}'],
  ])("reads the first document and nothing behind it: %s", (text, wanted) => {
    expect(writeJson(read(text), { budget: new Budget() })).toBe(wanted);
  });

  it.each([
    ["~: v", "nothing (null) in the place of a key"],
    ["Null: v", "nothing (null) in the place of a key"],
    ["a: {{ .v }}", "a table in the place of a key"],
    ["12345678901234567890: v", "a key that is too large a number"],
    ["a: .inf", "a number without end, or none (.inf, .nan)"],
    ["a: {<<: 1}", "something behind << that is no table"],
    ["a: {<<: }", "something behind << that is no table"],
    ["a: !!int x", "a tag (!) that is not known or does not fit at line 1, column 11"],
    ["a: !!binary x", "a tag (!) that is not known or does not fit at line 1, column 14"],
    ["a: 1\n- b", "something behind the end of the document at line 2, column 1"],
    ["- a\nb: 1", "something behind the end of the document at line 2, column 1"],
    [" a\n- b\nc: 1", "something behind the end of the document at line 2, column 1"],
  ])("refuses what Helm refuses: %s", async (text, reason) => {
    expect((await refusal(() => read(text))).message).toBe(`Cannot read a text: ${reason}`);
  });

  it("says where the parser stopped", async () => {
    const { message } = await refusal(() => read("a: 1\nb: [1,\n\n"));
    expect(message).toBe(
      "Cannot read a text: a bracket, brace or quote that is not closed at line 2, column 7",
    );
  });

  it.each([
    ["aliases of aliases", bomb()],
    ["merges of merges", `a: &a {${keys(2000)}}\nb:\n${"- {<<: *a}\n".repeat(4000)}`],
    ["a mapping that holds itself", "a: &a\n  b: *a\n"],
    ["brackets without end", `a: ${"[".repeat(20_000)}`],
    ["text that is no YAML", "a: b: c"],
  ])("refuses %s", async (_what, text) => {
    const error = await refusal(() => read(text));
    expect(error.code).toBe("DRAY_YAML_INVALID");
  });

  it.each([
    ["!!int # how many\n0x1f", 31],
    ["!!float\n1.5", 1.5],
    ["!!str\n1", "1"],
    ["!!binary\nQUFB", "AAA"],
  ])("reads what stands below its tag: %j", (text, value) => {
    expect(read(`v: ${text.replace("\n", "\n  ")}`)).toEqual(new Map([["v", value]]));
  });

  it.each(["!!binary\n<<", '\uFEFF"\'  %YAML 1.1\n{é"&x %YAML 1.1\n:'])(
    "refuses %j, however much of it can be read",
    async (text) => {
      const error = await refusal(() => read(text));
      expect(error.code).toBe("DRAY_YAML_INVALID");
    },
  );

  it("throws nothing but DrayError", () => {
    const pieces = fc.constantFrom(
      "a",
      ":",
      " ",
      "\n",
      "-",
      "&x",
      "*x",
      "<<",
      "{",
      "}",
      "[",
      "]",
      "'",
      '"',
      "|",
      "#",
      "!",
      "?",
      "!!binary ",
      "!!int ",
      "0x1f",
      "%YAML 1.1\n",
      "\uFEFF",
    );
    fc.assert(
      fc.property(
        fc.array(pieces).map((all) => all.join("")),
        (text) => {
          expect(endsWell(() => read(text))).toBe(true);
        },
      ),
    );
  });
});

describe("readTexts()", () => {
  it("keeps every scalar as the text that stands there, and nothing as null", () => {
    const text = "a: 1.10\nb: yes\nc: ~\nd:\ne: [0x10, null, '']\n<<: {a: 2, f: 1e3}\n";
    expect(readTexts(text, "a text")).toEqual({
      a: "1.10",
      b: "yes",
      c: null,
      d: null,
      e: ["0x10", null, null],
      f: "1e3",
    });
  });
});

const fail = (reason: string): DrayError => new DrayError("DRAY_RECIPE_INVALID", reason);

describe("readUserYaml()", () => {
  it("takes nothing for anything but what stands there", () => {
    const text = "a: 1.10\nb: null\nc: ~\nd:\ne: ['1', \"2\", ]\n__proto__: x\n";
    expect(JSON.stringify(readUserYaml(text, fail))).toBe(
      '{"a":"1.10","b":"null","c":"~","d":"","e":["1","2"],"__proto__":"x"}',
    );
    expect(readUserYaml("# nothing", fail)).toBeNull();
  });

  it.each([
    [
      "a key that stands twice",
      "a: 1\nb: {c: 1, c: 2}",
      /^a duplicated key: .* at line 2, column 11$/,
    ],
    ["a second document", "a: 1\n---\nb: 1", /expected one document, found several/],
    ["a tag that nobody knows", "a: !b c", /^a tag \(!\) that is not known .* at line 1/],
    ["a mapping that holds itself", "a: &a\n  b: *a\n", /^it is nested deeper than 100 levels$/],
    ["aliases of aliases", bomb(), /^it has more than 100000 values, aliases written out$/],
  ])("refuses %s", async (_what, text, reason) => {
    expect(await refusal(() => readUserYaml(text, fail))).toMatchObject({
      code: "DRAY_RECIPE_INVALID",
      message: expect.stringMatching(reason) as string,
    });
  });
});

describe("writeYaml()", () => {
  it("writes what readYaml() reads again", () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.integer(),
      fc.constant(null),
      fc.string({ unit: fc.constantFrom("\n", " ", ":", "#", "-", "a", "'", '"', "\t", "0", "y") }),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, (plain) => {
        const wanted = new Map<string, Value>([["v", toValue(plain)]]);
        const text = writeYaml(wanted, new Budget());
        expect(read(`${text}\n`)).toEqual(wanted);
      }),
    );
  });
});

describe("splitDocuments()", () => {
  it("splits at every line of dashes and knows where each part begins", () => {
    const text = "a: 1\n---\n# only a comment\n---# glued\nb: 2\n---\nc: |\n  ----\n";
    expect(splitDocuments(text).map(({ line }) => line)).toEqual([0, 3, 5]);
  });
});

describe("KeyPlaces", () => {
  it("gives the place of the whole for what has none of its own", () => {
    const places = new KeyPlaces("a:\n  - {b: 1}\nc: |\n  d: 1\n");
    expect(places.find(["a", 0, "b"])).toEqual({ line: 2, column: 3 });
    expect(places.find(["c", "d"])).toEqual({ line: 3, column: 1 });
    expect(places.find(["d"])).toBeUndefined();
    expect(places.find([])).toBeUndefined();
  });

  it("finds entries and items, and nothing within a block text", () => {
    const text = `# comment
image:
  repository: a # why
  "tag": b
list:
- name: one
  x: 1
- name: two
nested:
  - - deep: 1
text: |
  fake: 1
after: 1
`;
    const places = new KeyPlaces(text);
    const at = (...path: PropertyKey[]): number | undefined => places.find(path)?.line;
    expect(at("image", "repository")).toBe(3);
    expect(at("image", "tag")).toBe(4);
    expect(at("list", "0", "x")).toBe(7);
    expect(at("list", "1", "name")).toBe(8);
    expect(at("nested", "0", "0", "deep")).toBe(10);
    expect(at("after")).toBe(13);
    expect(places.find(["list", 1, "name"])).toEqual({ line: 8, column: 3 });
  });
});

function bomb(): string {
  const names = Array.from("abcdefghij");
  const first = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  const line = (name: string, index: number): string =>
    `${name}: &${name} [${Array.from({ length: 10 }, () => `*${names[index] ?? ""}`).join(",")}]\n`;
  return first + names.slice(1).map(line).join("");
}

function keys(count: number): string {
  return Array.from({ length: count }, (_item, index) => `k${index}: 1`).join(",");
}

/** Plain data as `readYaml` gives it: keys in the order of the text, which is sorted. */
function toValue(plain: unknown): Value {
  if (Array.isArray(plain)) return plain.map(toValue);
  if (typeof plain !== "object" || plain === null) return plain as Value;
  const entries = Object.entries(plain).map(([key, item]) => [key, toValue(item)] as const);
  return new Map<string, Value>(entries);
}
