import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonFault } from "../../src/oci/json-fault.ts";
import { parseJson } from "../../src/oci/json.ts";

function refusal(bytes: Buffer): unknown {
  try {
    return parseJson(bytes, "a document");
  } catch (error) {
    return error;
  }
}

describe("what stands where JSON was due", () => {
  it.each([
    ["nothing", "", "found nothing"],
    ["blanks and zeros", " \n\0\0", "found nothing"],
    ["a login page", "\n<!DOCTYPE html><title>Sign in</title>", "found a web page (HTML)"],
    ["a page without a head", "<html><body>", "found a web page (HTML)"],
    ["a refusal of a storage service", '<?xml version="1.0"?><Error/>', "found XML or HTML"],
    ["a byte order mark", "\uFEFF{}", "found a byte order mark before it"],
    ["a pointer", "version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"],
    ["UTF-16", "\uFEFF{}", "found UTF-16"],
    ["a plain word", "Unauthorized", 'line 1, column 1: expected a value, found "Unauthorized"'],
    ["a comma too many", '{\n  "a": 1,\n}', "line 3, column 1: expected a name in quotes"],
    ["a missing comma", '{"a":1 "b":2}', "line 1, column 8: expected a comma or }"],
    ["a name without quotes", "{a:1}", "line 1, column 2: expected a name in quotes or }"],
    ["a missing colon", '{"a" 1}', "line 1, column 6: expected a colon"],
    ["a bracket of another kind", '[{"a":1]]', "line 1, column 8: expected a comma or }"],
    ["what YAML has", '{"a": yes}', "line 1, column 7: expected a value"],
    ["a line break in a text", '["a\nb"]', "line 1, column 2: expected a value or ]"],
    ["a number that goes on", "[1.2.3]", "line 1, column 2: expected a value or ]"],
    ["a second document", "{} {}", 'line 1, column 4: expected its end, found "{}"'],
    ["half of one", '{"a": [1,', "it is cut off at its end, line 1, column 10"],
  ])("is named: %s", (what, text, words) => {
    const bytes = Buffer.from(text, what === "UTF-16" ? "utf16le" : "utf8");
    const message = expect.stringContaining(words) as string;
    expect(refusal(bytes)).toMatchObject({ code: "DRAY_JSON_INVALID", kind: "refused", message });
    expect(refusal(bytes)).not.toMatchObject({ message: expect.stringMatching(/token|position/i) });
  });

  it("comes with what to do where that is known", () => {
    expect(jsonFault("<html>")?.hint).toContain("open it in a browser");
  });
});

describe("jsonFault()", () => {
  it("finds nothing in JSON, and something in all that JSON.parse refuses", () => {
    const damaged = fc.tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", '"', "x", "\\"));
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(jsonFault(text)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(damaged, ([text, at, put]) => {
        const place = at % text.length;
        const changed = text.slice(0, place) + put + text.slice(place + 1);
        expect(jsonFault(changed) === undefined).toBe(isJson(changed));
      }),
      { numRuns: 500 },
    );
  });

  it("needs no stack for long documents", () => {
    const deep = "[".repeat(100_000);
    expect(jsonFault(deep)?.reason).toContain("cut off");
    expect(jsonFault(`"${"x\\n".repeat(1_000_000)}`)?.reason).toContain("line 1, column 1");
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
