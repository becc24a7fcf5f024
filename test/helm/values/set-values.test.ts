import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Budget } from "../../../src/helm/template/budget.ts";
import { writeJson } from "../../../src/helm/template/print.ts";
import type { Value } from "../../../src/helm/template/value.ts";
import { applyJson } from "../../../src/helm/values/set-json.ts";
import { applySet, asText, type ReadValue } from "../../../src/helm/values/set-values.ts";
import { fileOf } from "../../../fixtures/archives.ts";
import { readUserValues } from "../../../src/helm/values/user-values.ts";
import { endsWell } from "../../chart/ends-well.ts";
import { refusal } from "../../refusal.ts";

function set(assignments: string, read?: ReadValue): unknown {
  const values = new Map<string, Value>();
  applySet(assignments, values, read);
  return JSON.parse(writeJson(values, { budget: new Budget() }));
}

describe("applySet()", () => {
  it.each([
    ["a=b", { a: "b" }],
    ["a=1,b=true,c=null,d=", { a: 1, b: true, c: null, d: "" }],
    ["a=0,b=007,c=1.10,d=-5", { a: 0, b: "007", c: "1.10", d: -5 }],
    ["a.b.c=x", { a: { b: { c: "x" } } }],
    ["a={x,y,1}", { a: ["x", "y", 1] }],
    ["a={},b=1", { a: [""], b: 1 }],
    ["a={1}b=2", { a: [1], b: 2 }],
    ["a[0]", { a: [] }],
    ["a[0].b=", { a: [] }],
    ["a[0].b=1,a[0].c=", { a: [{ b: 1, c: "" }] }],
    ["a[+1]=1", { a: [null, 1] }],
    ["a[0]=1,a[0].b=2", { a: [{ b: 2 }] }],
    ["a.", {}],
    ["a.b=1,a.=2", { a: { b: 1 } }],
    ["=1,b=2", { b: 2 }],
    ["a.=", {}],
    ["a=b\\", { a: "b" }],
    ["a[0]=x,a[2]=y", { a: ["x", null, "y"] }],
    ["a[0].b=1,a[0].c=2", { a: [{ b: 1, c: 2 }] }],
    ["a[0][1]=x", { a: [[null, "x"]] }],
    ["a=b\\,c", { a: "b,c" }],
    ["a\\.b=c", { "a.b": "c" }],
    ["a=x=y", { a: "x=y" }],
    ["a=TRUE,b=Null", { a: true, b: null }],
  ])("reads %s", (assignments, wanted) => {
    expect(set(assignments)).toEqual(wanted);
  });

  it("keeps every value as text where that is asked for", () => {
    expect(set("a=1,b=true,c={1,2}", asText)).toEqual({ a: "1", b: "true", c: ["1", "2"] });
  });

  it.each([
    "a",
    "a,b=1",
    "a[x]=1",
    "a[-1]=1",
    "a[70000]=1",
    "a={x",
    "a[0=1",
    "a[0]x=1",
    "a\\",
    "a..b=2",
    "e.=3",
    "a=1,a.b=2",
    "a=null,a.b=2",
    "a=null,a[0]=1",
    "a.b=1,a[0]=1",
    "a[0]=1,a[0][0]=2",
    "a=1,,b=2",
    "a[]=1",
  ])("refuses %s", async (assignments) => {
    const error = await refusal(() => set(assignments));
    expect(error).toMatchObject({ code: "DRAY_SET_INVALID", kind: "usage" });
  });

  it.each(["a.".repeat(31) + "b=1", `a${"[0]".repeat(102)}=1`])(
    "refuses names that nest without end: %s",
    async (assignments) => {
      expect((await refusal(() => set(assignments))).message).toContain("nest deeper");
    },
  );

  it("takes as many levels as Helm", () => {
    const names = `a${"[0]".repeat(20)}${".a".repeat(29)}.b=1`;
    expect(JSON.stringify(set(names))).toContain('{"b":1}');
  });

  it("throws nothing but DrayError", () => {
    const texts = fc.string({
      unit: fc.constantFrom("a", "=", ",", ".", "[", "]", "0", "{", "}", "\\"),
    });
    fc.assert(
      fc.property(texts, (text) => {
        expect(endsWell(() => set(text))).toBe(true);
      }),
    );
  });
});

describe("readUserValues()", () => {
  it("lays later files and assignments over earlier ones", async () => {
    const values = await readUserValues({
      files: [
        await fileOf(Buffer.from("a: {x: 1, w: 2}\nb: [1]\n")),
        await fileOf(Buffer.from("a: {w: 3}\nb: [2]\n")),
      ],
      set: ["a.z=4"],
      setString: ["a.x=5"],
    });
    const text = writeJson(values, { budget: new Budget() });
    expect(JSON.parse(text)).toEqual({ a: { x: "5", w: 3, z: 4 }, b: [2] });
  });

  it("names a file that is not there", async () => {
    const error = await refusal(() => readUserValues({ files: ["/nowhere/values.yaml"] }));
    expect(error).toMatchObject({ code: "DRAY_FILE_NOT_FOUND", kind: "usage" });
    expect(error.message).toBe('Cannot read values "/nowhere/values.yaml": no such file');
  });
});

function json(...assignments: readonly string[]): unknown {
  const values = new Map<string, Value>();
  for (const one of assignments) applyJson(one, values);
  return JSON.parse(writeJson(values, { budget: new Budget() }));
}

describe("applyJson()", () => {
  it.each([
    ["a=1,b=true,c=null", { a: 1, b: true, c: null }],
    [
      'a={"x,y": "}", "z": [1, {"w": 2}]},b.c=[{"d": 1}]',
      { a: { "x,y": "}", z: [1, { w: 2 }] }, b: { c: [{ d: 1 }] } },
    ],
    ['a[1]="x\\"y"', { a: [null, 'x"y'] }],
    ["a=,b= 2 ", { a: null, b: 2 }],
    ['{"a": {"b": 1}}', { a: { b: 1 } }],
    ['a={}b={"c":1} d=2', { a: {}, b: { c: 1 }, d: 2 }],
    ["a=01=2", { 1: 2, a: 0 }],
    ['a={"<<": {"b": 1}},c[1]=', { a: { "<<": { b: 1 } }, c: [null, null] }],
    [String.raw`a="\ud800x"`, { a: "\uFFFDx" }],
  ])("reads %s", (assignments, wanted) => {
    expect(json(assignments)).toEqual(wanted);
  });

  it("lays one table over another", () => {
    expect(json('{"a": {"b": 1, "c": 2}}', '{"a": {"b": 3}}')).toEqual({ a: { b: 3, c: 2 } });
  });

  it.each(["a={b: 1}", "a=[1", "a={} x", "{a: 1}", "a", "a=1.", "a=1e400", "a=[}]", "b=yes"])(
    "refuses %s",
    async (assignments) => {
      expect((await refusal(() => json(assignments))).code).toBe("DRAY_SET_INVALID");
    },
  );
});

describe("assignments to a table that another flag gave", () => {
  it("say nothing where they have no name", async () => {
    const values = await readUserValues({ setJson: ['a={"b": 1}'], set: ["a.=2", "c=3"] });
    expect(JSON.parse(writeJson(values, { budget: new Budget() }))).toEqual({ a: { b: 1 }, c: 3 });
  });
});

describe("--set-file", () => {
  it("takes the text of a file as it is, and says which one is not there", async () => {
    const path = await fileOf(Buffer.from("a: 1\nb,c\n"));
    const values = await readUserValues({ setFile: [`x.y=${path}`] });
    expect(values).toEqual(new Map([["x", new Map([["y", "a: 1\nb,c\n"]])]]));
    const error = await refusal(() => readUserValues({ setFile: ["x=/nowhere"] }));
    expect([error.code, error.kind]).toEqual(["DRAY_FILE_NOT_FOUND", "usage"]);
  });
});

describe("a file of values that cannot be read", () => {
  it.each(["a: [1", "- a\n"])("is the mistake of whoever names it: %s", async (text) => {
    const path = await fileOf(Buffer.from(text));
    expect((await refusal(() => readUserValues({ files: [path] }))).kind).toBe("usage");
  });
});
