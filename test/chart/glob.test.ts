import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  glob,
  parseHelmIgnore,
  type GlobOptions,
  type Ignores,
} from "../../src/chart/path-patterns.ts";
import { loadPatterns } from "../../src/chart/regex.ts";

await loadPatterns();

function matcher(pattern: string, options?: GlobOptions): (path: string) => boolean {
  const matches = glob(pattern, options);
  if (matches === undefined) throw new Error(`${pattern} is no pattern`);
  return matches;
}

describe("glob()", () => {
  it.each([
    ["*.txt", "a.txt", true],
    ["*.txt", "a/b.txt", false],
    ["a?c", "abc", true],
    ["[a-c]x", "bx", true],
    ["[!a]x", "bx", true],
    ["a.c", "abc", false],
    ["a(b)", "a(b)", true],
  ])("%s of %s: %s", (pattern, path, wanted) => {
    expect(matcher(pattern)(path)).toBe(wanted);
  });

  it("goes any depth and takes alternatives where they are asked for", () => {
    const matches = matcher("conf/**.{yaml,json}", { extended: true });
    expect(["conf/a.yaml", "conf/x/y.json", "conf/a.txt"].map(matches)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("says of one star without a pattern what it says with one", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "."), maxLength: 4 });
    const pattern = fc.tuple(text, fc.constantFrom("", "*"), text).map((parts) => parts.join(""));
    fc.assert(
      fc.property(pattern, text, (plain, path) => {
        expect(matcher(plain)(path)).toBe(matcher(`${plain}[z]`)(`${path}z`));
      }),
    );
  });

  it("is nothing for what is no pattern", () => {
    expect(glob("[b-a]")).toBeUndefined();
  });

  it("ends soon on a pattern of many stars", () => {
    expect(matcher(`${"a*".repeat(40)}b`)("a".repeat(1000))).toBe(false);
  });
});

function rulesOf(text: string): Ignores {
  const rules = parseHelmIgnore(text);
  if ("problem" in rules) throw new Error(rules.problem);
  return rules;
}

describe("parseHelmIgnore()", () => {
  it("takes the first rule that applies", () => {
    const ignores = rulesOf("*.md\ndocs/\n/top.txt\nsub/*.bin\n");
    const files = ["a/b.md", "docs/x.txt", "top.txt", "a/top.txt", "sub/a.bin", "sub/x/a.bin"];
    expect(files.map((path) => ignores(path, false))).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  it("ignores what a negated rule does not match", () => {
    const ignores = rulesOf("!*.yaml\n");
    expect([ignores("a.yaml", false), ignores("a.txt", false)]).toEqual([false, true]);
  });

  it("has a problem with what Helm cannot read", () => {
    const problem = 'line 1: "[b-a]" is no pattern';
    expect(parseHelmIgnore("[b-a]\n*.txt\n")).toEqual({ problem });
  });

  it("always leaves out hidden files of templates", () => {
    const ignores = rulesOf("");
    const files = ["templates/.swp", "templates/.", "templates/a.yaml", "x/templates/.swp"];
    expect(files.map((path) => ignores(path, false))).toEqual([true, false, false, false]);
  });
});
