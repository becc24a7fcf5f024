import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DOCUMENT = "docs/architecture.md";
const LISTING = "## Every file";

/** So much of a line can be read at a glance. */
const MAX_LENGTH = 110;

/** Paths below the project's directory, with `/` whatever the system. */
async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length).split(sep).join("/"))
    .toSorted();
}

interface Line {
  readonly path: string;
  readonly text: string;
}

/** The lines below each heading that is a folder: "- `name.ts`: what it is for". */
function linesOf(document: string): Line[] {
  const lines: Line[] = [];
  let folder: string | undefined;
  for (const text of document.slice(document.indexOf(LISTING)).split("\n")) {
    if (text.startsWith("### ")) folder = /^### `(src\/.*)`$/.exec(text)?.[1];
    const name = /^- `([^`]+)`/.exec(text)?.[1];
    if (folder !== undefined && name !== undefined) lines.push({ path: folder + name, text });
  }
  return lines;
}

const document = await readFile(join(ROOT, DOCUMENT), "utf8");
const lines = linesOf(document);
const listed = lines.map(({ path }) => path);
const sources = await filesBelow("src");

describe("docs/architecture.md", () => {
  it("has a line for every file of src/", () => {
    const missing = sources.filter((path) => !listed.includes(path));
    expect(missing, `add a line to "${LISTING}" for ${missing.join(", ")}`).toEqual([]);
  });

  it("lists no file that is gone, and none twice", () => {
    const gone = listed.filter((path) => !sources.includes(path));
    expect(gone, `take out the lines of ${gone.join(", ")}`).toEqual([]);
    const doubles = listed.filter((path, index) => listed.indexOf(path) !== index);
    expect(doubles, `keep one line of each of ${doubles.join(", ")}`).toEqual([]);
  });

  it("says of each file in one short line what it is for", () => {
    const poor = lines
      .map(({ text }) => text)
      .filter((text) => text.length > MAX_LENGTH || !/^- `[^`]+`: \S.{2,}$/.test(text));
    expect(poor, `say what it is for, in ${MAX_LENGTH} characters: ${poor.join("\n")}`).toEqual([]);
  });

  it("names no file in its text that does not exist", async () => {
    const folders = ["bin", "src", "scripts", "fixtures", "test"];
    const existing = (await Promise.all(folders.map(filesBelow))).flat();
    const named = [...document.matchAll(/`([\w./-]+\.ts)`/g)].map(([, name = ""]) => name);
    const unknown = named.filter(
      (name) => !existing.some((path) => `/${path}`.endsWith(`/${name}`)),
    );
    expect(unknown, `correct what was renamed or removed: ${unknown.join(", ")}`).toEqual([]);
    expect(named.length).toBeGreaterThan(lines.length);
  });
});
