import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Regex } from "../../../src/helm/template/regex/regex.ts";
import { endsWell } from "../../chart/ends-well.ts";
import { refusal } from "../../refusal.ts";

const regex = (source: string): Regex => new Regex(source, () => {});
const found = (source: string, text: string): string | undefined => {
  const match = regex(source).find(text, 0);
  return match === undefined ? undefined : text.slice(match.start, match.end);
};

describe("Regex", () => {
  it.each([
    ["a|ab", "ab", "a"],
    ["a*?b", "aab", "aab"],
    ["(?i)ABC", "xabc", "abc"],
    ["(?s).+", "a\nb", "a\nb"],
    [".+", "a\nb", "a"],
    ["(?m)^b$", "a\nb", "b"],
    ["\\bfoo\\b", "a foo b", "foo"],
    ["[[:alpha:]]+", "12abc3", "abc"],
    ["[^0-9]+", "12ab", "ab"],
    ["\\p{Lu}+", "abCD", "CD"],
    ["\\Qa.b\\E", "a.b", "a.b"],
    ["x{2,3}", "xxxx", "xxx"],
    ["(a|b)*c", "ababc", "ababc"],
    ["\\x41\\101", "AA", "AA"],
    ["[\\w.-]+@[\\w-]+", "me a.b@c-d!", "a.b@c-d"],
    ["^$", "", ""],
    ["z", "abc", undefined],
  ])("%s in %j finds %j", (source, text, wanted) => {
    expect(found(source, text)).toBe(wanted);
  });

  it("gives groups by number and by name", () => {
    const match = regex("(?P<a>x)(y)?").find("x", 0);
    expect(match?.groups.get("a")).toBe("x");
    expect(match?.groups.get("2")).toBe("");
  });

  it("agrees with JavaScript where both know the pattern", () => {
    const pattern = fc
      .array(
        fc.constantFrom("a", "b", "[ab]", ".", "(a)", "(?:a|b)", "a*", "b+", "a?", "a|b", "^", "$"),
        { minLength: 1, maxLength: 6 },
      )
      .map((all) => all.join(""));
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c") });
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const wanted = new RegExp(source).exec(subject);
        const match = regex(source).find(subject, 0);
        expect(match === undefined ? undefined : [match.start, match.end]).toEqual(
          wanted === null ? undefined : [wanted.index, wanted.index + wanted[0].length],
        );
      }),
    );
  });

  it.each([
    "(",
    ")",
    "[a",
    "*a",
    "a{2000}",
    "(?<=a)b",
    "\\p{Nope}",
    "(".repeat(60),
    "((((a{1000}){1000}){1000}))",
  ])("refuses %s", async (source) => {
    expect((await refusal(() => regex(source))).code).toBe("DRAY_TEMPLATE_INVALID");
  });

  it("takes no longer than pattern times text", () => {
    let steps = 0;
    const slow = new Regex("(a*)*(a*)*b", (count) => {
      steps += count;
    });
    expect(slow.find("a".repeat(2000), 0)).toBeUndefined();
    expect(steps).toBeLessThan(100_000);
  });

  it("throws nothing but DrayError", () => {
    const source = fc.string({
      unit: fc.constantFrom(
        "a",
        "(",
        ")",
        "[",
        "]",
        "*",
        "+",
        "?",
        "{",
        "}",
        "1",
        ",",
        "\\",
        "^",
        "$",
        ".",
        "|",
        "-",
        ":",
        "P",
        "<",
        ">",
      ),
    });
    fc.assert(
      fc.property(source, fc.string(), (pattern, text) => {
        expect(endsWell(() => regex(pattern).findAll(text, -1))).toBe(true);
      }),
    );
  });
});
