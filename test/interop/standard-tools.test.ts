import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { beforeEach, describe, expect, it } from "vitest";
import { makeBundle, sampleRecipe, SIGNER } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { needs } from "../programs.ts";

/** Where the bundle lies, with the key as README.txt calls it, and unpacked in `bundle`. */
let folder: string;

beforeEach(async () => {
  folder = await temporaryDirectory();
  const { path } = await makeBundle(sampleRecipe());
  await mkdir(join(folder, "bundle"));
  execFileSync("tar", ["-xzf", path, "-C", join(folder, "bundle")]);
  const pem = SIGNER.publicKey.key.export({ type: "spki", format: "pem" });
  await writeFile(join(folder, "bundle", "sender.pub"), pem);
});

/** Runs a line in the unpacked bundle; no connection leads anywhere. */
function run(line: string): { status: number | null; output: string } {
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    KEY: "sender.pub",
    HTTPS_PROXY: "http://127.0.0.1:9",
  };
  const cwd = join(folder, "bundle");
  const { status, stdout, stderr } = spawnSync("sh", ["-c", line], { cwd, env, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

/** The lines of a text that run `program`, each with what goes on behind a backslash. */
function linesWith(text: string, program: string): string[] {
  const whole = text.replaceAll(/\\\n\s*/g, "");
  return whole
    .split("\n")
    .flatMap((line) => (line.trim().startsWith(program) ? [line.trim()] : []));
}

const DOCUMENT = new URL("../../docs/verify-without-dray.md", import.meta.url);

const TEXTS: readonly (readonly [name: string, read: () => Promise<string>])[] = [
  ["README.txt", () => readFile(join(folder, "bundle", "README.txt"), "utf8")],
  ["the document", () => readFile(DOCUMENT, "utf8")],
];

/** What checks a bundle that a P-256 key has signed. */
const PROGRAMS = ["sha256sum -", "openssl dgst", "cosign verify-blob"];

describe.each(TEXTS)("the lines of %s", (_name, read) => {
  it.for(PROGRAMS)("with `%s` take a good bundle and no other", async (start, context) => {
    const [program = ""] = start.split(" ");
    needs(context, program);
    const lines = linesWith(await read(), start);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(run(line)).toMatchObject({ status: 0 });
    // A line of the list that is a comment to nobody: what was signed is not this.
    const list = join(folder, "bundle", "SHA256SUMS");
    await writeFile(list, `${"0".repeat(64)}  none\n`, { flag: "a" });
    for (const line of lines) expect(run(line)).not.toMatchObject({ status: 0 });
  });
});
