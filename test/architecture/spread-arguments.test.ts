import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const SOURCES = join(import.meta.dirname, "../../src");

/** Calls that people spread lists into; those of our own that take a few words are no danger. */
const TAKES_MANY = new Set([
  "push",
  "unshift",
  "splice",
  "concat",
  "max",
  "min",
  "fromCharCode",
  "fromCodePoint",
]);

/** Lines on which a list becomes the arguments of such a call. */
function spreadsIn(source: string): number[] {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true);
  const lines: number[] = [];
  const visit = (node: ts.Node): void => {
    const isSpread =
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      TAKES_MANY.has(node.expression.name.text) &&
      node.arguments.some((argument) => ts.isSpreadElement(argument));
    if (isSpread) lines.push(file.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return lines;
}

describe("a list of any length", () => {
  it("never becomes the arguments of a call, for which the stack may be too small", async () => {
    const found: string[] = [];
    for (const name of await readdir(SOURCES, { recursive: true })) {
      if (!name.endsWith(".ts")) continue;
      const source = await readFile(join(SOURCES, name), "utf8");
      for (const line of spreadsIn(source)) found.push(`${name}:${line}`);
    }
    expect(found).toEqual([]);
  });

  it("would be found where it does", () => {
    expect(spreadsIn("found.push(\n  ...more,\n);\nMath.max(1, ...sizes);")).toEqual([1, 4]);
    expect(spreadsIn("found.push(more); [...found, ...more]; take(...WORDS);")).toEqual([]);
  });
});
