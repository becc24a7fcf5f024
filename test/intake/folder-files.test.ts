import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { packedChart } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { dray } from "../cli/terminal.ts";
import { filesBelow } from "../stories/lab.ts";

/** A folder `docs` with these files, in a directory of its own. */
async function folder(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "docs"));
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, "docs", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return directory;
}

async function packed(directory: string, recipe: string): ReturnType<typeof dray> {
  const path = join(directory, "bundle.yaml");
  await writeFile(path, `name: x\nversion: "1"\n${recipe}`);
  return dray(["pack", path, "--unsigned", "-o", join(directory, "x.tar.gz"), "--json"]);
}

/** Why `docs` is refused, with exit code 2. */
async function refusal(directory: string): Promise<string> {
  const { code, stderr } = await packed(directory, "files: [docs]\n");
  expect(code).toBe(2);
  return stderr;
}

interface Written {
  readonly plan: { readonly findings: readonly { code: string; message: string }[] };
  readonly written: { readonly bundleDigest: string };
}

const APPLE_DOUBLE = Buffer.from([0x00, 0x05, 0x16, 0x07, 0x00]);

describe("a folder among the files of a recipe", () => {
  it("travels as every file below it, and arrives so", async () => {
    const directory = await folder({
      "b/deep/note.txt": "deep",
      "a.md": "first",
      "._plain": "no AppleDouble",
    });
    await symlink("a.md", join(directory, "docs", "link.md"));
    await symlink("b", join(directory, "docs", "c"));
    const { code, stderr } = await packed(
      directory,
      "files: [docs/, { path: docs/b, as: again/b }]\n",
    );
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const there = join(directory, "there");
    const words = [join(directory, "x.tar.gz"), there, "--allow-unsigned"];
    expect((await dray(["unpack", ...words])).code).toBe(0);
    const files = join(there, "files");
    expect(await filesBelow(files)).toEqual(
      [
        "again/b/deep/note.txt",
        "docs/._plain",
        "docs/a.md",
        "docs/b/deep/note.txt",
        "docs/c/deep/note.txt",
        "docs/link.md",
      ].toSorted(),
    );
    expect(await readFile(join(files, "docs/c/deep/note.txt"), "utf8")).toBe("deep");
  });

  it("leaves behind what systems add, and says so and which executables it makes plain", async () => {
    const directory = await folder({
      "run.sh": "#!/bin/sh",
      ".DS_Store": "x",
      "__MACOSX/run.sh": "x",
      "._run.sh": APPLE_DOUBLE,
    });
    await chmod(join(directory, "docs", "run.sh"), 0o755);
    const { code, stdout } = await packed(directory, "files: [docs]\n");
    expect(code).toBe(0);
    const { plan } = JSON.parse(stdout) as {
      plan: { contents: { reference: string }[]; findings: { code: string; message: string }[] };
    };
    expect(plan.contents.map(({ reference }) => reference)).toEqual(["files/docs/run.sh"]);
    const said = (wanted: string): string =>
      plan.findings.find((one) => one.code === wanted)?.message ?? "";
    expect(said("JUNK_STRIPPED")).toMatch(/: \.DS_Store, \._run\.sh, __MACOSX$/);
    expect(said("EXECUTABLE_LOST")).toMatch(/: run\.sh$/);
  });

  it.each([
    ["/etc/hostname", "is a link out of it"],
    ["../docs-beside", "is a link out of it"],
    ["nowhere", "is a link that leads nowhere"],
    ["a.md/x", "is a link that leads nowhere"],
    [".", "is a link to a folder that it lies in"],
  ])("is refused with a link to %s: 2", async (target, reason) => {
    const directory = await folder({ "a.md": "first" });
    await mkdir(join(directory, "docs-beside"));
    await symlink(target, join(directory, "docs", "link"));
    expect(await refusal(directory)).toContain(`"link" ${reason}`);
  });

  it("is refused where nothing is in it that could travel: 2", async () => {
    const directory = await folder({ ".DS_Store": "x" });
    expect(await refusal(directory)).toContain("there is no file in it");
  });

  it("is refused with a name that another system could not store: 2", async () => {
    const directory = await folder({ "a/con": "x" });
    expect(await refusal(directory)).toContain('"docs/a/con": Windows cannot store this name');
  });

  it.each(["caf\u00e9", "x".repeat(101)])(
    "is refused with the name %s, which no plain header holds, before anything is packed: 2",
    async (name) => {
      const directory = await folder({ [name]: "x" });
      const stderr = await refusal(directory);
      expect(stderr).toContain(`Cannot pack file "docs/${name}": expected ASCII, at most 100`);
      expect(stderr).not.toContain("Packing");
    },
  );

  it("is not packed into itself where its name comes from a chart", async () => {
    const directory = await folder({ "a.md": "first" });
    const docs = join(directory, "docs");
    await writeFile(join(docs, "demo.tgz"), packedChart({}));
    const path = join(docs, "bundle.yaml");
    await writeFile(path, "charts: [./demo.tgz]\nfiles: [{ path: ., as: all }]\n");
    const home = process.cwd();
    process.chdir(docs);
    try {
      expect(await dray(["pack", path, "--unsigned", "-q"])).toMatchObject({ code: 0 });
      const [bundle = ""] = (await readdir(docs)).filter((name) => name.endsWith(".tar.gz"));
      const { size } = await stat(join(docs, bundle));
      const again = await dray(["pack", path, "--unsigned", "--force"]);
      expect([again.code, again.stderr]).toEqual([
        2,
        expect.stringContaining("what this run writes"),
      ]);
      expect(await stat(join(docs, bundle))).toMatchObject({ size });
    } finally {
      process.chdir(home);
    }
  });

  it("packs the same in a second run: what the first has written there stays behind", async () => {
    const directory = await folder({ "a.md": "first", "x.tar.gz.txt": "mine" });
    const path = join(directory, "docs", "bundle.yaml");
    await writeFile(path, 'name: x\nversion: "1"\nfiles: [{ path: ., as: all }]\n');
    const words = ["pack", path, "--unsigned", "-o", join(directory, "docs", "x.tar.gz")];
    const first = JSON.parse((await dray([...words, "--json"])).stdout) as Written;
    const left = await readdir(join(directory, "docs"));
    expect(left.toSorted()).toEqual([
      "a.md",
      "bundle.lock.json",
      "bundle.yaml",
      "x.tar.gz",
      "x.tar.gz.sha256",
      "x.tar.gz.txt",
    ]);
    const unfinished = ["partial.journal", "partial.old", "partial.old.journal", "002.partial"];
    for (const name of [
      "bundle.lock.json.0123456789ab",
      "x.tar.gz.001",
      ...unfinished.map((ending) => `x.tar.gz.${ending}`),
    ]) {
      await writeFile(join(directory, "docs", name), "");
    }
    const { stdout } = await dray([...words, "--force", "--json"]);
    const second = JSON.parse(stdout) as Written;
    expect(second.written.bundleDigest).toBe(first.written.bundleDigest);
    const said = second.plan.findings.find(({ code }) => code === "OUTPUT_LEFT_OUT");
    expect(said?.message).toMatch(
      /: bundle\.lock\.json, bundle\.lock\.json\.\w+, x\.tar\.gz, x\.tar\.gz\.001, x\.tar\.gz\.002\.partial and 4 more$/,
    );
  });

  it("is said to hold private keys, of whatever kind", async () => {
    const directory = await folder({
      "a.pem": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
      "b.pem": "chain\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
      "c.asc": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
      "d.txt": "# public key: age1\nAGE-SECRET-KEY-1QQ\n",
      "e.md": "It begins with `-----BEGIN PRIVATE KEY-----`.",
    });
    const { stdout } = await packed(directory, "files: [docs]\n");
    const { findings } = (JSON.parse(stdout) as Written).plan;
    expect(findings).toMatchObject([{ code: "PRIVATE_KEY_PACKED", severity: "warning" }]);
    expect(findings[0]?.message).toMatch(/: docs\/b\.pem, docs\/c\.asc, docs\/d\.txt$/);
  });

  it("that has no name of its own needs one: 2", async () => {
    const directory = await folder({ "a.md": "first" });
    const { code, stderr } = await packed(directory, "files: [docs/..]\n");
    expect([code, stderr]).toEqual([2, expect.stringContaining("{ path: ., as: docs }")]);
  });

  it("is refused with two names that differ in case alone: 2", async () => {
    const directory = await folder({ "a/x": "x", "A/X": "y" });
    expect(await refusal(directory)).toContain("only differs in case");
  });

  it("is refused where it is deeper than a bundle may be: 2", async () => {
    const directory = await folder({ [`${"d/".repeat(31)}x`]: "x" });
    expect(await refusal(directory)).toContain("deep");
  });

  it("is refused with a file that is packed under its name already: 2", async () => {
    const directory = await folder({ "a.md": "first" });
    const { code, stderr } = await packed(
      directory,
      "files: [docs, { path: docs/a.md, as: docs/a.md }]\n",
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining("another with the same name")]);
  });
});

it("a file of a Mac's own is not packed, for it would be stripped on the way: 2", async () => {
  const directory = await folder({ "._a": APPLE_DOUBLE });
  const { code, stderr } = await packed(directory, "files: [docs/._a]\n");
  expect([code, stderr]).toEqual([2, expect.stringContaining("Macs add such files")]);
});
