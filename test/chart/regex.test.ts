import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRegex, loadPatterns, quoteMeta, type Regex } from "../../src/chart/regex.ts";

await loadPatterns();

function regex(pattern: string): Regex {
  const compiled = compileRegex(pattern);
  if ("problem" in compiled) throw new Error(compiled.problem);
  return compiled;
}

const all = (pattern: string, text: string): string[] =>
  [...regex(pattern).matchesIn(text)].map(({ start, end }) => text.slice(start, end));

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
  ])("%s in %j finds %j", (pattern, text, wanted) => {
    expect(all(pattern, text)[0]).toBe(wanted);
    expect(regex(pattern).test(text)).toBe(wanted !== undefined);
  });

  it("gives groups by number and by name, and nothing for those that there are not", () => {
    const [match] = regex("(?P<a>x)(y)?").matchesIn("x");
    const names = ["0", "1", "2", "a", "01", "3", "b", "toString"];
    expect(names.map((name) => match?.group(name))).toEqual(["x", "x", "", "x", "", "", "", ""]);
  });

  it("passes over an empty match right behind another, and ends at the end", () => {
    expect(all("a*", "baac")).toEqual(["", "aa", ""]);
    expect(all("", "\u{1F600}x")).toEqual(["", "", ""]);
  });

  it("looks at what stands before a match that is not the first", () => {
    expect(all("^a|\\bb", "aab b")).toEqual(["a", "b"]);
  });

  it("agrees with JavaScript where both know the pattern", () => {
    const pattern = fc
      .array(
        fc.constantFrom("a", "b", "[ab]", ".", "(a)", "(?:a|b)", "a*", "b+", "a?", "a|b", "^", "$"),
        { minLength: 1, maxLength: 6 },
      )
      .map((parts) => parts.join(""));
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c") });
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const wanted = new RegExp(source).exec(subject);
        const [match] = regex(source).matchesIn(subject);
        expect(match === undefined ? undefined : [match.start, match.end]).toEqual(
          wanted === null ? undefined : [wanted.index, wanted.index + wanted[0].length],
        );
      }),
    );
  });

  it("has a bound for its work, which is that of pattern times text", () => {
    const slow = regex("(a*)*(a*)*b");
    expect(slow.workIn("a".repeat(2000))).toBeLessThan(100_000);
    expect([...slow.matchesIn("a".repeat(50_000))]).toEqual([]);
  });
});

describe("compileRegex()", () => {
  it.each([
    "(",
    ")",
    "[a",
    "*a",
    "a**",
    "a{2000}",
    "(?<=a)b",
    "\\p{Nope}",
    "(".repeat(60),
    `${"(".repeat(1100)}a${")".repeat(1100)}`,
    "((((a{1000}){1000}){1000}))",
    "a".repeat(20_001),
  ])("says what is wrong with %s", (pattern) => {
    const { problem } = compileRegex(pattern) as { problem?: string };
    expect(problem).toMatch(/\w/);
  });

  it("uses the words of Go", () => {
    const problem = "error parsing regexp: missing argument to repetition operator: `*`";
    expect(compileRegex("*a")).toEqual({ problem });
  });

  it("throws at no pattern, and what it makes ends on any text", () => {
    const pattern = fc.string({ unit: fc.constantFrom(...Array.from("a()[]*+?{}1,\\^$.|-:P<>")) });
    fc.assert(
      fc.property(pattern, fc.string(), (source, text) => {
        const compiled = compileRegex(source);
        if ("problem" in compiled) return;
        expect([...compiled.matchesIn(text)].length).toBeLessThanOrEqual(text.length + 1);
      }),
    );
  });
});

describe("quoteMeta()", () => {
  it("makes a pattern that matches the text and nothing else", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(regex(quoteMeta(text)).testWhole(text)).toBe(true);
        expect(regex(quoteMeta(text)).testWhole(`${text}a`)).toBe(false);
      }),
    );
  });
});
