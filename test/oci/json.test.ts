import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIndexFile } from "../../src/oci/image-layout.ts";
import { MAX_MANIFEST_BYTES, parseJson } from "../../src/oci/json.ts";
import { outcome } from "../refusal.ts";

const read = (text: string, maxBytes?: number): unknown =>
  parseJson(Buffer.from(text), "a document", maxBytes);

const invalid = expect.objectContaining({ code: "DRAY_JSON_INVALID", kind: "refused" });

describe("parseJson()", () => {
  it("reads whatever JSON there is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(read(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
        expect(read(JSON.stringify(value, undefined, 3))).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
    );
  });

  it.each([
    ["at the top", '{"a":1,"a":1}'],
    [
      "far from one another",
      `{"a":1,${Array.from({ length: 100 }, (_, i) => `"x${i}":0,`).join("")}"a":2}`,
    ],
    ["below", '{"x":[{"y":{"a":1,"b":2,"a":3}}]}'],
    ["with an escape", '{"manifests":[],"m\\u0061nifests":[]}'],
    ["with two kinds of escape", '{"a\\u002fb":1,"a\\/b":2}'],
    ["with an escaped quote", '{"a\\"b":1,"a\\u0022b":2}'],
    ["that is empty", '{"":1,"":2}'],
    ["with a surrogate pair", '{"\\ud83d\\ude00":1,"😀":2}'],
    ["before a colon far away", '{"a" \n\t\r : 1, "a"\n:2}'],
    ["behind an object", '{"a":{"a":1},"a":{}}'],
    ["that is __proto__", '{"__proto__":1,"__proto__":2}'],
  ])("refuses a name that stands twice: %s", (_where, text) => {
    expect(() => read(text)).toThrow(invalid);
    expect(() => read(text)).toThrow(/every name once in a table, found ".*" twice/s);
  });

  it.each([
    '{"a":{"a":{"a":[]}}}',
    '[{"a":1},{"a":2}]',
    '{"a":"a","b":"a"}',
    '{"a":["a","a"]}',
    '{"a":1,"A":2}',
    '{"x":"\\"a\\":1,\\"a\\":2"}',
    '{"x":"{","y":"}","z":"["}',
    '{"x":"\\\\","y":"\\\\\\""}',
  ])("takes equal names that are in no conflict: %s", (text) => {
    expect(read(text)).toEqual(JSON.parse(text));
  });

  it("finds any name that was doubled", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 });
    fc.assert(
      fc.property(object, fc.nat(), (value, which) => {
        const names = Object.keys(value);
        const name = names[which % names.length] ?? "";
        const text = JSON.stringify(value).replace(/\}$/, () => `,${JSON.stringify(name)}:0}`);
        expect(() => read(text)).toThrow(/every name once in a table, found ".*" twice/s);
      }),
    );
  });

  it("takes 4 MiB and refuses one byte more", () => {
    const fill = "x".repeat(MAX_MANIFEST_BYTES - 2);
    expect(read(`"${fill}"`)).toHaveLength(MAX_MANIFEST_BYTES - 2);
    expect(() => read(`"${fill}x"`)).toThrow(
      expect.objectContaining({ code: "DRAY_JSON_TOO_LARGE", kind: "refused" }),
    );
  });

  it.each([
    ["plain letters", "x"],
    ["escapes", "\\n"],
    ["quotes", '\\"'],
    ["backslashes", "\\\\"],
  ])("reads a string of 3 MiB of %s", (_what, piece) => {
    const text = `{"a":"${piece.repeat((3 * 1024 * 1024) / piece.length)}","b":1}`;
    expect(read(text)).toMatchObject({ b: 1 });
  });

  it("reads a string of 60 MiB where that much is allowed", () => {
    const text = `{"a":"${"x".repeat(60 * 1024 * 1024)}"}`;
    expect(read(text, 64 * 1024 * 1024)).toBeTypeOf("object");
  });

  it("takes 64 levels and refuses more, however many", () => {
    expect(read("[".repeat(64) + "]".repeat(64))).toBeInstanceOf(Array);
    for (const levels of [65, 100_000, 500_000]) {
      expect(() => read("[".repeat(levels) + "]".repeat(levels))).toThrow(invalid);
    }
    expect(() => read('{"a":'.repeat(200_000) + "1" + "}".repeat(200_000))).toThrow(invalid);
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["a byte order mark", Buffer.from("\ufeff{}")],
    ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["an overlong encoding", Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ["a surrogate as bytes", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ["UTF-16", Buffer.from("{}", "utf16le")],
    ["text behind it", Buffer.from("{} {}")],
    ["NUL behind it", Buffer.from("{}\0")],
    ["a comma too many", Buffer.from("[1,]")],
    ["a comment", Buffer.from("{}//")],
    ["single quotes", Buffer.from("{'a':1}")],
    ["NaN", Buffer.from('{"a":NaN}')],
    ["a control character in a string", Buffer.from('"\n"')],
  ])("refuses %s", (_what, bytes) => {
    expect(() => parseJson(bytes, "a document")).toThrow(invalid);
  });

  it("throws nothing but DrayError, whatever the bytes", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      '"',
      "\\",
      "a",
      "1",
      " ",
      "\\u0061",
    );
    const near = fc.array(pieces, { maxLength: 40 }).map((parts) => Buffer.from(parts.join("")));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), near), (bytes) => {
        expect(outcome(() => parseJson(bytes, "a document"))).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });
});

describe("parseJson() of a document of many parts", () => {
  it.each(["[]", "{}"])("is refused before %s without end fill the memory", (part) => {
    const text = `[${Array.from({ length: 600_000 }, () => part).join(",")}]`;
    expect(() => parseJson(Buffer.from(text), "it")).toThrow(
      expect.objectContaining({
        code: "DRAY_JSON_TOO_LARGE",
        message: expect.stringContaining("at most 500000 objects and lists") as string,
      }),
    );
  });
});

describe("parseJson() of one object of many names", () => {
  it("is refused before they fill the memory", () => {
    const names = Array.from({ length: 100_001 }, (_name, index) => `"k${index}":1`);
    expect(() => parseJson(Buffer.from(`{${names.join(",")}}`), "it")).toThrow(
      "Cannot read it: an object has more than 100000 names",
    );
  });
});

describe("parseIndexFile()", () => {
  it("refuses more roots than any layout has", () => {
    const manifests = Array.from({ length: 50_001 }, (_root, index) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${index.toString(16).padStart(64, "0")}`,
      size: 1000,
    }));
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
    expect(() => parseIndexFile(bytes, "index.json")).toThrow(
      expect.objectContaining({
        code: "DRAY_LAYOUT_INVALID",
        message: expect.stringContaining("at most 50000 manifests, found 50001") as string,
      }),
    );
  });
});
