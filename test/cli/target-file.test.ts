import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { dray } from "./terminal.ts";

/** A directory with a key and a target file. */
async function place(text: string): Promise<{ directory: string; file: string; key: string }> {
  const directory = await temporaryDirectory();
  const [file, key] = [join(directory, "target.yaml"), join(directory, "release.pub")];
  await writeFile(file, text);
  await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
  return { directory, file, key };
}

function enter(directory: string): void {
  const before = process.cwd();
  process.chdir(directory);
  onTestFinished(() => process.chdir(before));
}

describe("dray push", () => {
  it("goes where the file says, with the keys and names that it has", async () => {
    const { host } = await startRegistry();
    const { path } = await makeBundle();
    const { file } = await place(
      `target: ${host}/mirror\nmap: keep-host\nkeys: [release.pub]\nrequire: 1\n`,
    );
    const dry = await dray(["push", path, "--target-file", file, "--dry-run"]);
    expect([dry.code, dry.stderr]).toEqual([0, expect.any(String)]);
    expect(dry.stdout).toContain(`From ${file}:\n  target: ${host}/mirror\n  map: keep-host\n`);
    const { code, stdout } = await dray(["push", path, "--target-file", file]);
    expect(code).toBe(0);
    expect(stdout).toContain(`${host}/mirror/registry.example/team/app`);
    expect(stdout).not.toContain("From ");
  });

  it("lets the command line win, setting by setting", async () => {
    const { host } = await startRegistry();
    const { path } = await makeBundle();
    const { file, key } = await place(
      `target: elsewhere.example/mirror\nmap: keep-host\nkeys: [none.pub]\n`,
    );
    const flags = [
      "--target-file",
      file,
      "--key",
      key,
      "--map",
      "drop-host",
      "--dry-run",
      "--json",
    ];
    const { code, stdout } = await dray(["push", path, `${host}/team`, ...flags]);
    expect(code).toBe(0);
    const { artifacts, targetFile } = JSON.parse(stdout) as {
      artifacts: { target: string }[];
      targetFile: { settings: object };
    };
    expect(targetFile.settings).toEqual({});
    for (const { target } of artifacts)
      expect(target).toMatch(new RegExp(`^${host}/team/(?!registry.example)`));
  });

  it("takes the file of the directory it runs in, but not its word for whom to trust", async () => {
    const { host } = await startRegistry();
    const { path } = await makeBundle();
    const { directory, file, key } = await place(`target: ${host}/found\n`);
    enter(directory);
    const { code, stdout } = await dray(["push", path, "--key", key]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${host}/found/`)]);
    await writeFile(file, `target: ${host}/found\nkeys: [release.pub]\n`);
    const refused = await dray(["push", path]);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("it says whom to trust (keys)"),
    ]);
    expect((await dray(["push", path, "--target-file", "target.yaml"])).code).toBe(0);
  });

  it("says that there is no target, and where one may stand: 2", async () => {
    const { path } = await makeBundle();
    enter(await temporaryDirectory());
    const { code, stderr } = await dray(["push", path]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("there is no target.yaml here")]);
  });

  it("says that the file it was named is not there: 2", async () => {
    const { path } = await makeBundle();
    const { code, stderr } = await dray(["push", path, "--target-file", "/nonexistent/t.yaml"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("/nonexistent/t.yaml")]);
  });
});

describe("dray verify", () => {
  it("takes the keys of a file that is named, by flag or variable, and of no other", async () => {
    const { path } = await makeBundle();
    const { directory, file } = await place("target: r.example\nkeys: [release.pub]\n");
    expect((await dray(["verify", path, "--target-file", file])).code).toBe(0);
    const byVariable = await dray(["verify", path], { env: { DRAY_TARGET_FILE: file } });
    expect([byVariable.code, byVariable.stdout]).toEqual([0, expect.stringContaining("Good:")]);
    enter(directory);
    expect((await dray(["verify", path])).code).toBe(3);
  });

  it("asks for as many signatures as the file says", async () => {
    const { path } = await makeBundle();
    const { file } = await place("keys: [release.pub]\nrequire: 2\n");
    const { code } = await dray(["verify", path, "--target-file", file]);
    expect(code).toBe(3);
  });
});

describe("DRAY_TARGET_FILE", () => {
  it("names a file for push, which then may say whom to trust", async () => {
    const { host } = await startRegistry();
    const { path } = await makeBundle();
    const { file } = await place(`target: ${host}/mirror\nkeys: [release.pub]\n`);
    const { code, stdout } = await dray(["push", path], { env: { DRAY_TARGET_FILE: file } });
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${host}/mirror/`)]);
  });

  it("is missed where the file that it names is not there: 2", async () => {
    const { path } = await makeBundle();
    const env = { DRAY_TARGET_FILE: "/nonexistent/t.yaml" };
    const { code, stderr } = await dray(["push", path], { env });
    expect([code, stderr]).toEqual([2, expect.stringContaining("/nonexistent/t.yaml")]);
  });
});

async function shown(argv: readonly string[]): Promise<string> {
  return (await dray(argv)).stdout;
}

function flagsIn(text: string): string[] {
  return text.match(/^ +(?:-\w, )?--[\w-]+/gm) ?? [];
}

describe("help", () => {
  it("has the commands in the order of the journey", async () => {
    const help = await shown(["--help"]);
    const groups = help.match(/^\w+:$/gm);
    expect(groups).toEqual([
      "Options:",
      "Gather:",
      "Prove:",
      "Carry:",
      "Deliver:",
      "Around:",
      "Examples:",
    ]);
  });

  it.each([
    "images",
    "pack",
    "preflight",
    "inspect",
    "verify",
    "check",
    "unpack",
    "sign",
    "push",
    "serve",
  ])("of %s keeps to 80 columns, and shows what few need with --all", async (name) => {
    const brief = await shown([name, "--help"]);
    const all = await shown([name, "--help", "--all"]);
    const wide = brief
      .split("\nExamples:")[0]
      ?.split("\n")
      .filter((line) => line.length > 80);
    expect(wide).toEqual([]);
    expect(flagsIn(all)).toEqual(expect.arrayContaining(flagsIn(brief)));
    expect(brief).not.toMatch(/--(?:work-dir|concurrency|insecure-skip-tls-verify)/);
  });
});
