import { describe, expect, it } from "vitest";
import { glob } from "../../src/chart/glob.ts";
import { parseHelmIgnore } from "../../src/chart/helm-ignore.ts";

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
    expect(glob(pattern)(path)).toBe(wanted);
  });

  it("goes any depth and takes alternatives where they are asked for", () => {
    const matches = glob("conf/**.{yaml,json}", { extended: true });
    expect(["conf/a.yaml", "conf/x/y.json", "conf/a.txt"].map(matches)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("ends soon on a pattern of many stars", () => {
    expect(glob(`${"a*".repeat(40)}b`)("a".repeat(1000))).toBe(false);
  });
});

describe("parseHelmIgnore()", () => {
  it("takes the first rule that applies", () => {
    const ignores = parseHelmIgnore("*.md\ndocs/\n/top.txt\nsub/*.bin\n");
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
    const ignores = parseHelmIgnore("!*.yaml\n");
    expect([ignores("a.yaml", false), ignores("a.txt", false)]).toEqual([false, true]);
  });

  it("always leaves out hidden files of templates", () => {
    expect(parseHelmIgnore("")("templates/.swp", false)).toBe(true);
  });
});
