import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { beforeEach, describe, expect, it } from "vitest";
import { makeBundle, sampleRecipe, SIGNER } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { needs } from "../programs.ts";

const PEM = SIGNER.publicKey.key.export({ type: "spki", format: "pem" });

/** Where the bundle lies, with the key as README.txt calls it, and unpacked in `bundle`. */
let folder: string;

beforeEach(async () => {
  folder = await temporaryDirectory();
  const { path } = await makeBundle(sampleRecipe());
  await mkdir(join(folder, "bundle"));
  execFileSync("tar", ["-xzf", path, "-C", join(folder, "bundle")]);
  await writeFile(join(folder, "bundle", "sender.pub"), PEM);
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
    // The list beside a bundle is of its file, and signed by nobody.
    const lines = linesWith(await read(), start).filter((line) => line.includes("SHA256SUMS"));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(run(line)).toMatchObject({ status: 0 });
    // A line of the list that is a comment to nobody: what was signed is not this.
    const list = join(folder, "bundle", "SHA256SUMS");
    await writeFile(list, `${"0".repeat(64)}  none\n`, { flag: "a" });
    for (const line of lines) expect(run(line)).not.toMatchObject({ status: 0 });
  });
});

/** The lines up to `Push`, without those for another kind of key, a delta or cosign. */
async function auditOf(): Promise<string> {
  const page = await readFile(DOCUMENT, "utf8");
  const sections = page.slice(page.indexOf("## Unpack"), page.indexOf("## Push"));
  const blocks = [...sections.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, lines = ""]) => lines);
  return blocks.filter((lines) => !/pkeyutl|cosign|delta/.test(lines)).join("");
}

/** Runs all lines of the document, with `meanwhile` in the unpacked bundle. */
async function audit(meanwhile = ""): Promise<{ status: number | null; output: string }> {
  const { path } = await makeBundle(sampleRecipe());
  await rm(join(folder, "bundle"), { recursive: true });
  await writeFile(join(folder, "release.pub"), PEM);
  const names = `set -e\nBUNDLE=${JSON.stringify(path)} KEY=$PWD/release.pub\n`;
  const lines = (await auditOf()).replace("cd bundle\n", (line) => `${line}${meanwhile}\n`);
  const env = { PATH: process.env["PATH"], HOME: folder };
  const options = { cwd: folder, env, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", names + lines], options);
  return { status, output: stdout + stderr };
}

describe("the document, line by line in one shell", () => {
  beforeEach((context) => {
    for (const program of ["openssl", "sha256sum", "awk", "python3"]) needs(context, program);
  });

  it("says of a good bundle the key, that it is verified, what is in it, and its digest", async () => {
    const { status, output } = await audit();
    const [key, verified, ...rest] = output.trim().split("\n");
    expect(status).toBe(0);
    expect(key).toBe(`${SIGNER.publicKey.id}  -`);
    expect(verified).toBe("Verified OK");
    expect(rest[0]).toBe("{");
    expect(rest.at(-1)).toMatch(/^[0-9a-f]{64} {2}SHA256SUMS$/);
  });

  it.each([
    ["a file that nobody listed", "echo more > charts/more.tgz", "> charts/more.tgz"],
    ["a file that only looks like a signature", "echo more > SHA256SUMS.more", "> SHA256SUMS.more"],
    ["a file that is gone", "rm bundle.json", "bundle.json: FAILED open or read"],
    ["another byte", "echo more >> bundle.json", "bundle.json: FAILED"],
    ["another list", "echo >> SHA256SUMS", "failure"],
  ])("stops at %s", async (_what, meanwhile, said) => {
    const { status, output } = await audit(meanwhile);
    expect(status).not.toBe(0);
    expect(output).toMatch(said);
  });

  it("prints a link", async () => {
    const { output } = await audit("ln -s /etc/passwd charts/a");
    expect(output.split("\n")[0]).toBe("./charts/a");
  });
});
