import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LISTING = "## Rooms";

/** So much of a line can be read at a glance. */
const MAX_LENGTH = 140;

/** Paths below the project's directory, with `/` whatever the system. */
async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length).split(sep).join("/"));
}

const document = await readFile(join(ROOT, "docs/architecture.md"), "utf8");
const lines = document.slice(document.indexOf(LISTING)).match(/^- `src\/.*$/gm) ?? [];
const listed = lines.map((line) => /`(src\/[^`]*)`/.exec(line)?.[1] ?? "");

describe("docs/architecture.md", () => {
  it("has a line for every room, and none for what is no room", async () => {
    const files = await filesBelow("src");
    const rooms = new Set(files.flatMap((path) => roomsAbove(path)));
    expect(listed.toSorted()).toEqual([...rooms].toSorted());
  });

  it("says of each room in one short line what it is for", () => {
    const poor = lines.filter(
      (text) => text.length > MAX_LENGTH || !/^- `[^`]+`: \S.{2,}$/.test(text),
    );
    expect(poor).toEqual([]);
  });

  it("names no file in its text that does not exist", async () => {
    const folders = ["bin", "src", "scripts", "fixtures", "test"];
    const existing = (await Promise.all(folders.map(filesBelow))).flat();
    const named = [...document.matchAll(/`([\w./-]+\.ts)`/g)].map(([, name = ""]) => name);
    const unknown = named.filter(
      (name) => !existing.some((path) => `/${path}`.endsWith(`/${name}`)),
    );
    expect(unknown, `correct what was renamed or removed: ${unknown.join(", ")}`).toEqual([]);
    expect(named.length).toBeGreaterThan(10);
  });
});

/** `src/a/`, `src/a/b/` for `src/a/b/c.ts`. */
function roomsAbove(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join("/")}/`);
}
