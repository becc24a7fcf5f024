import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A package of which code is in the bundle. */
interface Bundled {
  readonly title: string;
  readonly license: string;
  readonly texts: readonly string[];
}

/** `…/node_modules/NAME` of a file below it; the innermost counts. */
const PACKAGE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** What a package calls the files with its terms. */
const TERMS = /^(licen[cs]e|copying|notice|copyright)/i;

const RULE = `\n${"-".repeat(80)}\n\n`;

/**
 * The terms of every package of which a bundled module is: what their licenses want to be carried
 * along. A package that brings no text of its own is named with what its package.json says.
 */
export async function thirdPartyNotices(modules: Iterable<string>): Promise<string> {
  const roots = [...modules].map((path) => PACKAGE.exec(path.replaceAll("\\", "/"))?.[1]);
  const bundled: Bundled[] = [];
  for (const root of new Set(roots)) if (root !== undefined) bundled.push(await readPackage(root));
  const sections = [...byTexts(bundled)].map(([texts, packages]) => {
    const titles = packages.map(({ title, license }) => `${title} (${license})\n`);
    return `${titles.join("")}\n${texts || "No text of its license comes with the package.\n"}`;
  });
  return `dray contains code of these packages.\n${RULE}${sections.join(RULE)}`;
}

/** Packages of one maker often have the same text: it is printed once. */
function byTexts(bundled: readonly Bundled[]): Map<string, Bundled[]> {
  const groups = new Map<string, Bundled[]>();
  for (const one of bundled.toSorted((a, b) => (a.title < b.title ? -1 : 1))) {
    const texts = one.texts.join("\n");
    groups.set(texts, [...(groups.get(texts) ?? []), one]);
  }
  return groups;
}

async function readPackage(root: string): Promise<Bundled> {
  const { name, version, license } = await readManifest(root);
  if (typeof license !== "string") throw new Error(`${root}: its package.json names no license`);
  const files = (await readdir(root)).filter((file) => TERMS.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), "utf8")));
  const plain = texts.map((text) => `${text.replaceAll("\r\n", "\n").trim()}\n`);
  return { title: `${String(name)} ${String(version)}`, license, texts: plain };
}

async function readManifest(root: string): Promise<Record<string, unknown>> {
  const manifest = join(root, "package.json");
  return JSON.parse(await readFile(manifest, "utf8")) as Record<string, unknown>;
}
