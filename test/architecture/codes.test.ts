import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { codesPage } from "../../scripts/codes/page.ts";
import { SUBJECTS, TEXTS } from "../../scripts/codes/texts.ts";
import { madeOnce } from "../../fixtures/temporary-directory.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A code where it is made; `how` is the kind or severity, where it stands beside it. */
interface Made {
  readonly code: string;
  readonly how: string | undefined;
}

/** Codes that a source makes errors or findings of; neither types nor comparisons make any. */
function madeIn(source: string): Made[] {
  const made: Made[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && isMade(node)) made.push({ code: node.text, how: howOf(node) });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true));
  return made;
}

function isMade({ parent }: ts.StringLiteral): boolean {
  const isCompared = ts.isBinaryExpression(parent) || ts.isArrayLiteralExpression(parent);
  return !isCompared && !ts.isLiteralTypeNode(parent);
}

function howOf({ parent, text }: ts.StringLiteral): string | undefined {
  if (ts.isPropertyAssignment(parent)) return literalAt(parent.parent, "severity");
  if (!ts.isNewExpression(parent) || !text.startsWith("DRAY_")) return undefined;
  const options = parent.arguments?.[2];
  if (options === undefined) return "failed";
  if (!ts.isObjectLiteralExpression(options)) return undefined;
  const isPlain = options.properties.every((one) => !ts.isSpreadAssignment(one));
  return (
    literalAt(options, "kind") ?? (isPlain && !hasName(options, "kind") ? "failed" : undefined)
  );
}

function hasName(object: ts.ObjectLiteralExpression, name: string): boolean {
  return object.properties.some((one) => one.name?.getText() === name);
}

function literalAt(object: ts.ObjectLiteralExpression, name: string): string | undefined {
  for (const one of object.properties) {
    const isIt = ts.isPropertyAssignment(one) && one.name.getText() === name;
    if (isIt && ts.isStringLiteral(one.initializer)) return one.initializer.text;
  }
  return undefined;
}

const madeInSource = madeOnce(async (): Promise<Made[]> => {
  const names = await readdir(join(ROOT, "src"), { recursive: true });
  const sources = names.filter((name) => name.endsWith(".ts"));
  const texts = await Promise.all(sources.map((name) => readFile(join(ROOT, "src", name), "utf8")));
  return texts.flatMap(madeIn);
});

/** Every code as errors and findings have it, with the kinds and severities that docs/codes.md says. */
function said(): Map<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  for (const [code, text] of Object.entries(TEXTS)) {
    if ("ends" in text) all.set(`DRAY_${code}`, [text.ends].flat());
    if (text.severity !== undefined) all.set(code, [text.severity].flat());
  }
  return all;
}

describe("codes", () => {
  it("stand in docs/codes.md as `npm run codes` writes them", async () => {
    expect(await readFile(join(ROOT, "docs/codes.md"), "utf8")).toBe(codesPage());
  });

  it("are explained once each", () => {
    const codes = Object.values(SUBJECTS).flatMap((texts) => Object.keys(texts));
    expect(codes.toSorted()).toEqual(Object.keys(TEXTS).toSorted());
  });

  it("are all made by something in src", async () => {
    const made = new Set(madeInSource().map(({ code }) => code));
    const own = Object.entries(TEXTS).map(([code, text]) =>
      "ends" in text ? `DRAY_${code}` : code,
    );
    expect(own.filter((code) => !made.has(code))).toEqual([]);
  });

  it("are made only with the kinds and severities that docs/codes.md says", async () => {
    const page = said();
    const known = madeInSource().filter(({ code, how }) => page.has(code) && how !== undefined);
    expect(known.length).toBeGreaterThan(150);
    const unsaid = known.filter(({ code, how = "" }) => page.get(code)?.includes(how) !== true);
    expect(unsaid).toEqual([]);
  });

  it("count as unused where they are only compared with or are a type", () => {
    const source = `
      type Refusal = "DRAY_A";
      if (error.code === "DRAY_B" || new Set(["DRAY_C"]).has(error.code)) stop();
      throw new DrayError("DRAY_D", "no", { kind: "refused" });
    `;
    const codes = madeIn(source).filter(({ code }) => code.startsWith("DRAY_"));
    expect(codes).toEqual([{ code: "DRAY_D", how: "refused" }]);
  });
});
