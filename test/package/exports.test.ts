import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { built } from "../built.ts";
import { readSignatures, type Signatures } from "./signatures.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const { exports } = createRequire(import.meta.url)("../../package.json") as {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
};

/** The declarations of every entry that programs import. */
const ENTRIES = Object.values(exports).flatMap((entry) =>
  typeof entry === "string" ? [] : [built(relative(join(ROOT, "dist"), join(ROOT, entry.types)))],
);

/** Writes declarations and reads `index.d.ts` among them. */
async function signaturesIn(files: Readonly<Record<string, string>>): Promise<Signatures> {
  const directory = await temporaryDirectory();
  for (const [name, text] of Object.entries({ "package.json": '{"type":"module"}', ...files })) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return readSignatures([join(directory, "index.d.ts")]);
}

/** Declarations export all that stands in them, unless they say that they choose. */
const CHOOSES = "export {};";

const SIGNATURES = `
${CHOOSES}
import type { Foreign } from "foreign";
interface Hidden { readonly a: string }
declare const value: { readonly b: Hidden };
export interface Property { readonly one: readonly Hidden[] }
export interface Extended extends Hidden {}
export type Behind = Partial<Hidden> | undefined;
export declare function parameter(options?: { deep: Hidden }): void;
export declare function result(): Promise<Map<string, Hidden>>;
export declare class Member { method(one: Hidden): void; static made(): Hidden }
export type Value = typeof value;
export type Elsewhere = import("./other.js").Other;
export declare const constant: Foreign;
`;

const FILES = {
  "other.d.ts": "export interface Other { readonly c: string }",
  "node_modules/foreign/package.json": '{"name":"foreign","types":"index.d.ts"}',
  "node_modules/foreign/index.d.ts": "export interface Foreign { readonly d: string }",
};

describe("a type that no entry exports", () => {
  it("is found wherever a signature names it", async () => {
    const { hidden } = await signaturesIn({ "index.d.ts": SIGNATURES, ...FILES });
    expect(hidden).toEqual([
      "Foreign in constant",
      "Hidden in Behind",
      "Hidden in Extended",
      "Hidden in Member",
      "Hidden in Property",
      "Hidden in parameter",
      "Hidden in result",
      "Other in Elsewhere",
      "value in Value",
    ]);
  });

  it("may stand in what is private, and what is exported or of the language anywhere", async () => {
    const text = `
      ${CHOOSES}
      import type { Other } from "./other.js";
      export type { Other as Public } from "./other.js";
      interface Hidden { readonly a: string }
      export declare class Member<T> {
        #secret;
        private one: Hidden;
        private constructor(one: Hidden);
        open(one: Other, two: T): AsyncIterable<Uint8Array>;
      }`;
    const { hidden } = await signaturesIn({ "index.d.ts": text, ...FILES });
    expect(hidden).toEqual([]);
  });
});

describe("a package whose declarations are needed", () => {
  it("is found however far behind the entry it is", async () => {
    const other = 'import "foreign"; export interface Other { readonly c: string }';
    const files = { "index.d.ts": 'export type { Other } from "./other.js";', ...FILES };
    const { hidden, packages } = await signaturesIn({ ...files, "other.d.ts": other });
    expect({ hidden, packages }).toEqual({ hidden: [], packages: ["foreign"] });
  });
});

describe("the library", () => {
  it("exports every type of its signatures, and needs no other package to compile a program", () => {
    expect(ENTRIES.length).toBeGreaterThan(2);
    expect(readSignatures(ENTRIES)).toEqual({ hidden: [], packages: [] });
  });
});
