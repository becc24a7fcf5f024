import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const FOLDER = resolve(import.meta.dirname, "../../dist/cli");

/** The files of the program, by name. */
const files = new Map(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(".js"))
    .map((name) => [name, readFileSync(resolve(FOLDER, name), "utf8")]),
);

/** The modules that are loaded with the file that has `module`, as the build names them in comments. */
function loadedWith(module: string): readonly string[] {
  const begin = [...files].find(([, text]) => text.includes(`// ${module}\n`))?.[0];
  const loaded = new Set(begin === undefined ? [] : [begin]);
  for (const name of loaded) {
    for (const [, other = ""] of (files.get(name) ?? "").matchAll(/^import .*"\.\/(.+)";$/gm)) {
      loaded.add(other);
    }
  }
  const text = [...loaded].map((name) => files.get(name)).join("\n");
  return [...text.matchAll(/^\/\/ (\S+\.js)$/gm)].map(([, path = ""]) => path);
}

describe("a command loads what it needs", () => {
  it.each([
    ["images", /^dist\/src\/(delivery|foreign|repoint|report|server|trust)\//],
    ["pack", /^dist\/src\/(repoint|report|server)\//],
    ["push", /^dist\/src\/(intake|report|server)\//],
    ["verify", /^dist\/src\/(discover|helm|intake|remote|repoint|server)\//],
  ])("%s nothing of rooms that it does not enter", (story, others) => {
    const loaded = loadedWith(`dist/src/stories/${story}.js`);
    expect(loaded.length).toBeGreaterThan(10);
    expect(loaded.filter((path) => others.test(path))).toEqual([]);
  });

  it("--version next to nothing", () => {
    expect(loadedWith("dist/src/version.js")).toEqual(["dist/src/version.js"]);
  });

  it.each(["archive/hash-worker.js", "archive/members/member-front-worker.js"])(
    "a thread what begins in %s, and not what begins in another",
    (worker) => {
      const begun = loadedWith(`dist/src/${worker}`).filter((path) => path.endsWith("-worker.js"));
      expect(begun).toEqual([`dist/src/${worker}`]);
    },
  );
});
