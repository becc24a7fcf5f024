import { execFileSync, spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { VERSION } from "../../src/version.ts";
import { built } from "../built.ts";
import { installPacked } from "./packed.ts";

const PACKAGE = createRequire(import.meta.url)("../../package.json") as {
  readonly engines: { readonly node: string };
};

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const project = await mkdtemp(join(tmpdir(), "dray-test-"));
afterAll(() => rm(project, { recursive: true, force: true }));

let archive: string;
beforeAll(async () => {
  archive = await installPacked(project);
});

describe("the packed package", () => {
  it("brings documents, schema, declarations, program and library, and nothing of the workshop", async () => {
    const names = await readdir(join(project, "node_modules/dray"), { recursive: true });
    expect(names).toEqual(
      expect.arrayContaining([
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "dist/cli/dray.js",
        "dist/cli/hash-worker.js",
        "dist/cli/index.js",
        "dist/cli/package.json",
        "dist/src/index.d.ts",
        "docs/library.md",
        "schema/bundle.schema.json",
      ]),
    );
    const inner = /^(bin|fixtures|scripts|src|test|dist\/(bin|fixtures|scripts|src\/cli))(\/|$)/;
    expect(names.filter((name) => inner.test(name))).toEqual([]);
    expect(names.filter((name) => /\.map$|^dist\/src\/.*(?<!\.d)\.[jt]s$/.test(name))).toEqual([]);
  });

  it("is installed by npm without a network and without another package", async (context) => {
    const alone = ["--net", "--map-root-user", "--user", "--"];
    if (spawnSync("unshare", [...alone, "true"]).status !== 0) context.skip("needs unshare --net");
    const prefix = await temporaryDirectory();
    const install = ["npm", "install", "--global", "--prefix", prefix, archive];
    const env = { ...process.env, HOME: prefix, npm_config_cache: join(prefix, "cache") };
    execFileSync("unshare", [...alone, ...install], { env, stdio: "pipe" });
    expect(await readdir(join(prefix, "lib/node_modules"))).toEqual(["dray"]);
    const dray = execFileSync(join(prefix, "bin/dray"), ["--version"], { encoding: "utf8" });
    expect(dray).toBe(`${VERSION}\n`);
  });
});

/** The folder of the program, copied below a package that says otherwise of its modules. */
async function copiedProgram(): Promise<string> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "package.json"), '{"type":"commonjs"}');
  await cp(built("cli"), join(directory, "dray"), { recursive: true });
  return join(directory, "dray/dray.js");
}

/** Runs a Node.js that npm brings; skips the test where it cannot. */
function runOldNode(context: TestContext, version: string, args: readonly string[]): Ended {
  const program = `node-${process.platform}-${process.arch}@${version}`;
  const npm = ["exec", "--yes", "--prefer-offline", `--package=${program}`, "--", "node"];
  const run = (words: readonly string[]): Ended =>
    spawnSync("npm", [...npm, ...words], { encoding: "utf8" });
  if (run(["--version"]).status !== 0) context.skip(`needs ${program}`);
  const { status, stdout, stderr } = run(args);
  return { status, stdout, stderr };
}

const [OLDEST = ""] = /[\d.]+/.exec(PACKAGE.engines.node) ?? [];

describe("the folder dist/cli", () => {
  it("works wherever it is copied, under the oldest Node.js too", async (context) => {
    const { path } = await makeBundle({ files: { "notes.txt": "hello" } });
    const key = join(await temporaryDirectory(), "release.pub");
    await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
    const command = [await copiedProgram(), "verify", path, "--key", key];
    const { status, stdout, stderr } = runOldNode(context, OLDEST, command);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.not.stringContaining("Warning"),
    });
    expect(stdout).toContain("Good");
  });

  it("prints its license and those of all that is inside", async () => {
    const program = await copiedProgram();
    const text = execFileSync(process.execPath, [program, "--licenses"], { encoding: "utf8" });
    expect(text).toContain("Apache License");
    const inside = ["@aws-sdk/client-ecr", "ajv", "archiver", "commander", "fzstd", "js-yaml"];
    const more = [
      "p-limit",
      "re2js",
      "semver",
      "smol-toml",
      "tar",
      "tldts",
      "undici",
      "yauzl",
      "zod",
    ];
    for (const name of [...inside, ...more]) expect(text).toMatch(new RegExp(`^${name} \\d`, "m"));
    expect(text).not.toMatch(/^(vitest|typescript|rolldown) \d/m);
  });

  it.for(["12", "18"])("says under Node.js %s which one is needed", (version, context) => {
    const command = [built("cli/dray.js"), "--version"];
    const { status, stdout, stderr } = runOldNode(context, version, command);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(`expected Node.js ${OLDEST} or newer, found ${version}.`);
    expect(stderr).not.toContain("SyntaxError");
  });
});
