import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

interface Row {
  readonly promised: string;
  /** Files, each whole: a name without a folder lies in that of the one before. */
  readonly tests: readonly string[];
}

/** The rows of the tables whose last column says by what a promise is shown. */
function rowsOf(document: string): Row[] {
  const rows: Row[] = [];
  for (const line of document.split("\n")) {
    const cells = line.split("|").map((cell) => cell.trim());
    if (cells.length !== 6 || cells[1] === "who" || /^-+$/.test(cells[1] ?? "")) continue;
    const [, , , promised = "", shown = ""] = cells;
    rows.push({ promised, tests: testsIn(shown) });
  }
  return rows;
}

function testsIn(shown: string): string[] {
  const tests: string[] = [];
  for (const [, name = ""] of shown.matchAll(/`([^`]+)`/g)) {
    const folder = dirname(tests.at(-1) ?? "test/none");
    tests.push(name.includes("/") ? name : join(folder, name));
  }
  return tests;
}

const rows = rowsOf(readFileSync("docs/threat-model.md", "utf8"));

describe("the threat model", () => {
  it("has a test for everything that it promises", () => {
    expect(rows.length).toBeGreaterThan(20);
    const bare = rows.filter(
      ({ promised, tests }) => tests.length === 0 && !promised.startsWith("**nothing**"),
    );
    expect(bare).toEqual([]);
  });

  it("names no test that is not there", () => {
    const named = rows.flatMap(({ tests }) => tests);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
    expect(existsSync("test/cli/nowhere.test.ts")).toBe(false);
  });
});
