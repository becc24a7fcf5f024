import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIndex } from "../../../fixtures/chart-repository.ts";
import {
  readIndex,
  type IndexEntry,
} from "../../../src/remote/chart-repository/repository-index.ts";
import { outcome } from "../../refusal.ts";

const HEX = "a".repeat(64);

function read(text: string, name = "web"): IndexEntry[] {
  return readIndex(Buffer.from(text), name, "the index");
}

/** An index with so many versions of one chart. */
function indexOf(count: number): string {
  const versions = Array.from({ length: count }, (_one, index) => ({ version: `1.0.${index}` }));
  return formatIndex(new Map([["web", versions]]));
}

const invalid = expect.objectContaining({
  code: "DRAY_CHART_REPOSITORY_INVALID",
  kind: "refused",
}) as Error;

describe("readIndex()", () => {
  const entries = new Map([
    ["we", [{ version: "9.9.9" }]],
    [
      "web",
      [
        { version: "1.10", urls: ["web-1.10.tgz"], digest: HEX },
        { version: "1.9.0", urls: ["https://other.example/web.tgz?a=b&c", "web.tgz"] },
      ],
    ],
    ["web-more", [{ version: "8.8.8" }]],
  ]);
  const wanted: IndexEntry[] = [
    { version: "1.10", urls: ["web-1.10.tgz"], digest: `sha256:${HEX}` as IndexEntry["digest"] },
    {
      version: "1.9.0",
      urls: ["https://other.example/web.tgz?a=b&c", "web.tgz"],
      digest: undefined,
    },
  ];

  it("finds the versions of one chart and keeps 1.10 as it is written", () => {
    expect(read(formatIndex(entries))).toEqual(wanted);
    expect(read(formatIndex(entries), "missing")).toEqual([]);
  });

  it.each<[string, (text: string) => string]>([
    ["CR LF and a mark at the start", (text) => `\uFEFF${text.replaceAll("\n", "\r\n")}`],
    ["another indentation", (text) => text.replaceAll(/^ /gm, "   ")],
    ["names in quotes", (text) => text.replace("  web:", '  "web":')],
    ["an anchor in the block", (text) => text.replace("apiVersion: v2", "apiVersion: &v v2")],
    ["a comment at the margin", (text) => text.replace("  web:\n", "  web: # ours\n")],
    [
      "a text that looks like the block",
      (text) => `description: |2\n  web:\n  - version: 7\n${text}`,
    ],
  ])("reads the same with %s", (_what, change) => {
    expect(read(change(formatIndex(entries)))).toEqual(wanted);
  });

  it("reads JSON", () => {
    const document = { entries: { web: [{ version: "1.0.0", urls: ["a.tgz"], digest: HEX }] } };
    expect(read(JSON.stringify(document))).toMatchObject([{ version: "1.0.0", urls: ["a.tgz"] }]);
  });

  it("passes over entries that are none, as Helm does", () => {
    const text = `entries:\n  web:\n  - 1\n  - version: [1]\n  - version: 1.0.0\n    urls: ~\n  -\n`;
    expect(read(text)).toEqual([{ version: "1.0.0", urls: [], digest: undefined }]);
  });

  it("reads a digest with its algorithm before it, and none that is another's", () => {
    const digests = [`sha256:${HEX}`, "d41d8cd98f00b204e9800998ecf8427e"];
    const versions = digests.map((digest) => ({ version: "1.0.0", digest }));
    const found = read(formatIndex(new Map([["web", versions]])));
    expect(found.map(({ digest }) => digest)).toEqual([`sha256:${HEX}`, undefined]);
  });

  it.each([
    ["a page", "<!DOCTYPE html><html></html>"],
    ["nothing", ""],
    ["no entries", "apiVersion: v1\n"],
    ["JSON that is cut off", '{"entries": {"web": ['],
    ["JSON without entries", '{"a": 1}'],
    ["a chart that is no list", "entries:\n  web: 1\n"],
    ["YAML that is none", "entries:\n  web:\n  - version: [\n"],
    ["an alias to nothing", "entries:\n  web: *nothing\n"],
    ["brackets without end", "[".repeat(100_000)],
  ])("refuses %s", (_what, text) => {
    expect(() => read(text)).toThrow(invalid);
  });

  it.each(["<!DOCTYPE html><html>", "\uFEFF\n<html>entries:", " \n"])(
    "names what stands in the place of an index: %j",
    (text) => {
      expect(() => read(text)).toThrow(/expected YAML, found (?:a web page|nothing)/);
      expect(() => read(text)).toThrow(invalid);
    },
  );

  it("is not tricked by names that every object has", () => {
    expect(read("entries: {}\n", "constructor")).toEqual([]);
    expect(read('{"entries": {}}', "toString")).toEqual([]);
    expect(read("entries:\n  a:\n  - version: 1.0.0\n", "__proto__")).toEqual([]);
  });

  it("reads 50,000 versions, in any order, and refuses more than 100,000", () => {
    expect(read(indexOf(50_000))).toHaveLength(50_000);
    expect(() => read(indexOf(100_001))).toThrow(/at most 100000 versions/);
  });

  it("does not write out an alias bomb", () => {
    const levels = Array.from(
      { length: 40 },
      (_level, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`,
    );
    const text = `a0: &a0 [x, x]\n${levels.join("\n")}\nentries:\n  web: *a40\n`;
    expect(read(text)).toEqual([]);
  });

  it("reads one chart out of an index of 19 MB", () => {
    const charts = new Map(
      Array.from({ length: 100 }, (_chart, chart) => [
        `chart-${chart}`,
        Array.from({ length: 1_000 }, (_version, index) => ({
          version: `1.${index}.0`,
          urls: [`https://charts.example/chart-${chart}-1.${index}.0.tgz`],
          digest: HEX,
        })),
      ]),
    );
    const text = formatIndex(charts);
    expect(text.length).toBeGreaterThan(19_000_000);
    expect(read(text, "chart-57")).toHaveLength(1_000);
  });

  it("throws nothing but DrayError", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(outcome(() => read(text))).toBeDefined();
        expect(outcome(() => read(`entries:\n  web:\n  - ${text}`))).toBeDefined();
      }),
    );
  });
});
