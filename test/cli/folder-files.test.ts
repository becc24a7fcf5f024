import { existsSync } from "node:fs";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { dray } from "./terminal.ts";

/** A folder with these files in which the test runs. */
async function folder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const before = process.cwd();
  process.chdir(directory);
  onTestFinished(() => process.chdir(before));
  return directory;
}

const RECIPE = "name: shop\nversion: 1.0.0\nfiles: [note.txt]\n";

describe("bundle.yaml of the folder", () => {
  it("is packed where nothing else is said, and said to be", async () => {
    const directory = await folder({ "bundle.yaml": RECIPE, "note.txt": "hello" });
    const { code, stderr } = await dray(["pack", "--unsigned"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("Recipe: bundle.yaml of this")]);
    expect(await readdir(directory)).toContain("shop-1.0.0.tar.gz");
    const quiet = await dray(["pack", "--unsigned", "--dry-run", "--force", "-q"]);
    expect([quiet.code, quiet.stderr]).toEqual([0, ""]);
  });

  it("gives way to a recipe that is named, and to flags, which is said", async () => {
    await folder({
      "bundle.yaml": RECIPE,
      "other.yaml": RECIPE.replace("shop", "other"),
      "note.txt": "hello",
    });
    const named = await dray(["pack", "other.yaml", "--unsigned", "--dry-run"]);
    expect([named.code, named.stdout, named.stderr]).toEqual([
      0,
      expect.stringContaining("other-1.0.0.tar.gz"),
      expect.not.stringContaining("Recipe"),
    ]);
    const flags = await dray(["pack", "--file", "note.txt", "--name", "flags", "--dry-run"]);
    expect([flags.code, flags.stdout, flags.stderr]).toEqual([
      0,
      expect.stringContaining("flags-"),
      expect.stringContaining("bundle.yaml of this folder is not read"),
    ]);
  });

  it.each([["pack", "--unsigned"], ["copy", "r.example"], ["preflight"]])(
    "that leads nowhere is missed by dray %s: 2",
    async (...words) => {
      const directory = await folder();
      await symlink("gone.yaml", join(directory, "bundle.yaml"));
      const { code, stderr } = await dray(words);
      expect([code, stderr]).toEqual([2, expect.stringContaining('recipe "bundle.yaml"')]);
    },
  );

  it("that is a directory is refused: 2", async () => {
    await folder();
    await mkdir("bundle.yaml");
    const { code, stderr } = await dray(["pack", "--unsigned"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("it is a directory")]);
  });

  it.each([
    ["pack", "--unsigned"],
    ["copy", "r.example"],
  ])("is what dray %s misses, and bundle.yml is not taken for it: 2", async (...words) => {
    await folder({ "bundle.yml": RECIPE });
    const { code, stderr } = await dray(words);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("there is no bundle.yaml here; bundle.yml has to be named"),
    ]);
  });
});

describe("target.yaml of the folder", () => {
  it("is said to be taken before anything is sent, and gives way to a target that is typed", async () => {
    const { host } = await startRegistry();
    const { path } = await makeBundle();
    await folder({ "target.yaml": `target: ${host}/found\nmap: keep-host\n` });
    const words = ["push", path, "--allow-unsigned", "--dry-run"];
    const found = await dray(words);
    expect([found.code, found.stderr]).toEqual([
      0,
      expect.stringContaining(`From target.yaml of this folder: target ${host}/found, map.\n`),
    ]);
    const typed = await dray(["push", path, `${host}/typed`, "--allow-unsigned", "--dry-run"]);
    expect([typed.code, typed.stderr]).toEqual([
      0,
      expect.stringContaining("From target.yaml of this folder: map.\n"),
    ]);
    expect(typed.stdout).toContain(`${host}/typed/registry.example`);
  });

  it("is where an inventory is taken", async () => {
    const { host } = await startRegistry();
    await folder({ "target.yaml": `target: ${host}/mirror\n` });
    const { code, stdout, stderr } = await dray(["inventory", "-o", "have.json"]);
    expect([code, stdout, stderr]).toEqual([
      0,
      expect.stringContaining(`${host}/mirror`),
      expect.stringContaining(`From target.yaml of this folder: target ${host}/mirror.`),
    ]);
  });

  it("and one that lacks what it was asked for ends with 3, and is written", async () => {
    const { host } = await startRegistry();
    const directory = await folder({ "target.yaml": `target: ${host}\n` });
    const argv = ["inventory", "-o", join(directory, "have.json"), "--repo", "team/gone"];
    const { code, stderr } = await dray(argv);
    expect([code, stderr]).toEqual([3, expect.stringContaining("[INVENTORY_INCOMPLETE]")]);
    expect(existsSync(join(directory, "have.json"))).toBe(true);
    const dry = await dray([...argv, "--dry-run", "--quiet"]);
    expect([dry.code, dry.stderr]).toEqual([
      3,
      expect.stringContaining("would lack what is named"),
    ]);
  });

  it.each([
    ["copy", "--file", "x", "typed.example"],
    ["repoint", "--stdin", "typed.example"],
  ])("gives way to the one word of dray %s that is a target", async (...words) => {
    await folder({ "target.yaml": "target: found.example\nmap: flatten\n" });
    const { stderr } = await dray(words);
    expect(stderr).toContain("From target.yaml of this folder: map.\n");
  });

  it("that leads nowhere is missed: 2", async () => {
    const directory = await folder();
    const { path } = await makeBundle();
    await symlink("gone.yaml", join(directory, "target.yaml"));
    const { code, stderr } = await dray(["push", path, "--allow-unsigned"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('target file "target.yaml"')]);
  });

  it("is not target.yml, which has to be named: 2", async () => {
    await folder({ "target.yml": "target: r.example\n" });
    const { code, stderr } = await dray(["inventory", "-o", "have.json"]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("there is no target.yaml here; target.yml has to be named"),
    ]);
  });

  it("that a variable names is said too", async () => {
    const { host } = await startRegistry();
    const directory = await folder({ "there.yaml": `target: ${host}\n` });
    const file = join(directory, "there.yaml");
    const env = { DRAY_TARGET_FILE: file };
    const { stderr } = await dray(["inventory", "-o", "have.json"], { env });
    expect(stderr).toContain(`From ${file}, as DRAY_TARGET_FILE says: target ${host}.\n`);
  });
});
