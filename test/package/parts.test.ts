import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { chartYaml } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";

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
  return modulesIn([...loaded]);
}

function modulesIn(names: readonly string[]): string[] {
  const text = names.map((name) => files.get(name)).join("\n");
  return [...text.matchAll(/^\/\/ (\S+\.m?js)$/gm)].map(([, path = ""]) => path);
}

/** The files of the program that Node.js has loaded when a command line has run. */
async function filesOf(words: readonly string[]): Promise<readonly string[]> {
  const folder = await temporaryDirectory();
  const env = { ...process.env, NODE_V8_COVERAGE: folder };
  execFileSync(process.execPath, [join(FOLDER, "dray.js"), ...words], { env, stdio: "pipe" });
  const [counts = ""] = await readdir(folder);
  const { result } = JSON.parse(await readFile(join(folder, counts), "utf8")) as {
    readonly result: readonly { readonly url: string }[];
  };
  return result.map(({ url }) => basename(url)).filter((name) => files.has(name));
}

function bytesOf(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + Buffer.byteLength(files.get(name) ?? ""), 0);
}

async function chartOfOnePod(): Promise<string> {
  const folder = join(await temporaryDirectory(), "pod");
  await mkdir(join(folder, "templates"), { recursive: true });
  await writeFile(join(folder, "Chart.yaml"), chartYaml("pod"));
  const pod = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: r.test/a:1}]}\n";
  await writeFile(join(folder, "templates", "pod.yaml"), pod);
  return folder;
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

  it("--help no story, and that of a command no other command", async () => {
    const help = modulesIn(await filesOf(["images", "--help"]));
    const rooms = help.filter((path) => path.startsWith("dist/src/"));
    const commands = rooms.filter((path) => path.endsWith("-command.js"));
    expect(commands).toEqual(["dist/src/cli/images-command.js"]);
    const all = modulesIn(await filesOf(["--help"]));
    expect(all.filter((path) => path.endsWith("-command.js")).length).toBeGreaterThan(15);
    expect(all.filter((path) => path.startsWith("dist/src/stories/"))).toEqual([]);
  });

  it("images of a chart on disk nothing that connects, and no more than it did", async () => {
    const loaded = await filesOf(["images", await chartOfOnePod()]);
    const modules = modulesIn(loaded);
    expect(modules).toContain("dist/src/discover/discover-images.js");
    const connecting =
      /^dist\/src\/(layout|remote\/(ecr|registry)|intake\/mirrors)\/|\/remote\/http\/transport\.js$|chart-repositories\.js$|node_modules\/(@bomb\.sh|undici|p-limit)\//;
    expect(modules.filter((path) => connecting.test(path))).toEqual([]);
    expect(bytesOf(loaded)).toBeLessThan(1_310_000);
    expect(loaded.length).toBeLessThan(25);
  });

  it.each(["archive/hash-worker.js", "archive/members/member-front-worker.js"])(
    "a thread what begins in %s, and not what begins in another",
    (worker) => {
      const begun = loadedWith(`dist/src/${worker}`).filter((path) => path.endsWith("-worker.js"));
      expect(begun).toEqual([`dist/src/${worker}`]);
    },
  );
});
