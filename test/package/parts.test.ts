import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { chartYaml, packedChart } from "../../fixtures/charts.ts";
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

interface Ran {
  readonly stdout: string;
  /** The files of the program that Node.js has loaded. */
  readonly loaded: readonly string[];
}

async function run(words: readonly string[]): Promise<Ran> {
  const folder = await temporaryDirectory();
  const env = { ...process.env, NODE_V8_COVERAGE: folder };
  const stdout = execFileSync(process.execPath, [join(FOLDER, "dray.js"), ...words], {
    env,
    stdio: "pipe",
    encoding: "utf8",
  });
  const [counts = ""] = await readdir(folder);
  const { result } = JSON.parse(await readFile(join(folder, counts), "utf8")) as {
    readonly result: readonly { readonly url: string }[];
  };
  return {
    stdout,
    loaded: result.map(({ url }) => basename(url)).filter((name) => files.has(name)),
  };
}

function bytesOf(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + Buffer.byteLength(files.get(name) ?? ""), 0);
}

type ChartFiles = Readonly<Record<string, string | Buffer>>;

/** A chart of one pod, and what else is in it. */
async function chartOf(image: string, more: ChartFiles = {}): Promise<string> {
  const folder = join(await temporaryDirectory(), "pod");
  const texts = { "Chart.yaml": chartYaml("pod"), "templates/pod.yaml": podOf(image), ...more };
  for (const [path, text] of Object.entries(texts)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const REPLACED = '{{ regexReplaceAll "x" "r.test/x:1" "a" }}';
const GIVEN = "{{ tpl .Values.image . }}";

/** Where something may ask for a pattern, with what is written on the command line. */
const PATTERNS: Readonly<Record<string, readonly [image: string, ChartFiles, ...string[]]>> = {
  template: [REPLACED, {}],
  "chart's value": [GIVEN, { "values.yaml": `image: '${REPLACED}'\n` }],
  "user's value": [GIVEN, {}, "--set-json", `image=${JSON.stringify(REPLACED)}`],
  "packed subchart": [
    "r.test/b:1",
    {
      "charts/sub-1.0.0.tgz": packedChart({ "templates/a.yaml": podOf(REPLACED) }, { name: "sub" }),
    },
  ],
  "glob of files": [
    'r.test/{{ range $path, $_ := .Files.Glob "{a,b}.txt" }}{{ trimSuffix ".txt" $path }}{{ end }}:1',
    { "a.txt": "" },
  ],
  "line of .helmignore": ["r.test/a:1", { ".helmignore": "[b-c].txt\n" }],
  schema: [
    "r.test/a:1",
    {
      "values.schema.json": '{"properties": {"image": {"pattern": "^a"}}}',
      "values.yaml": "image: a\n",
    },
  ],
};

function podOf(image: string): string {
  return `apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: ${image}}]}\n`;
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
    const help = modulesIn((await run(["images", "--help"])).loaded);
    const rooms = help.filter((path) => path.startsWith("dist/src/"));
    const commands = rooms.filter((path) => path.endsWith("-command.js"));
    expect(commands).toContain("dist/src/cli/images-command.js");
    // Pack has a flag of split, so that one is among what several have in common.
    const others = commands.filter((path) => !/\/(images|split)-command\.js$/.test(path));
    expect(others).toEqual([]);
    const all = modulesIn((await run(["--help"])).loaded);
    expect(all.filter((path) => path.endsWith("-command.js")).length).toBeGreaterThan(15);
    expect(all.filter((path) => path.startsWith("dist/src/stories/"))).toEqual([]);
  });

  it("images of a chart on disk nothing that connects and no patterns, no more than it did", async () => {
    const { loaded } = await run(["images", await chartOf("r.test/a:1")]);
    const modules = modulesIn(loaded);
    expect(modules).toContain("dist/src/discover/discover-images.js");
    const connecting =
      /^dist\/src\/(layout|remote\/(ecr|registry)|intake\/mirrors)\/|\/remote\/http\/transport\.js$|chart-repositories\.js$|node_modules\/(@bomb\.sh|re2js|undici|p-limit)\//;
    expect(modules.filter((path) => connecting.test(path))).toEqual([]);
    expect(bytesOf(loaded)).toBeLessThan(1_020_000);
    expect(loaded.length).toBeLessThan(20);
  });

  it.each(Object.entries(PATTERNS))(
    "images what makes patterns ready for one in a %s",
    async (_, [image, texts, ...flags]) => {
      const { stdout, loaded } = await run(["images", await chartOf(image, texts), ...flags]);
      expect(stdout).toContain("r.test/a:1");
      expect(modulesIn(loaded)).toContain("node_modules/re2js/build/index.js");
    },
  );

  it("images no pattern that a text hides which is put together when it runs, and says so", async () => {
    const hidden = String.raw`{{ tpl (printf "r.test/{{ re%s \"^1\" \"1\" }}:1" "gexMatch") . }}`;
    const { stdout } = await run(["images", "--no-helm", await chartOf(hidden)]);
    expect(stdout).toContain("0 needed");
    expect(stdout).toContain("Not complete");
  });

  it.each(["archive/hash-worker.js", "archive/members/member-front-worker.js"])(
    "a thread what begins in %s, and not what begins in another",
    (worker) => {
      const begun = loadedWith(`dist/src/${worker}`).filter((path) => path.endsWith("-worker.js"));
      expect(begun).toEqual([`dist/src/${worker}`]);
    },
  );
});
