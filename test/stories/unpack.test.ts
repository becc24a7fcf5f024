import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileOf, framed, gzipped, makeTar } from "../../fixtures/archives.ts";
import {
  bundleFile,
  makeBundle,
  newKey,
  readEntries,
  sampleRecipe,
  tarOf,
} from "../../fixtures/bundles.ts";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { unpack, type UnpackResult } from "../../src/stories/unpack.ts";
import { needs } from "../programs.ts";
import { changed, check, TRUST } from "../bundle/checking.ts";
import { ownDisk } from "../own-disk.ts";

interface Unpacked {
  readonly result: UnpackResult;
  readonly directory: string;
}

async function unpackFile(
  path: string,
  more: { signal?: AbortSignal; workDirectory?: string } = {},
): Promise<Unpacked> {
  const directory = join(await temporaryDirectory(), "out");
  const options = { path, trust: TRUST, workDirectory: tmpdir(), ...more };
  return { result: await unpack({ ...options, directory }), directory };
}

async function filesBelow(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted();
}

describe("what a killed unpack has left", () => {
  it("is removed by the next one, unless somebody may be at it or it is a link", async () => {
    const { path } = await makeBundle();
    const folder = await temporaryDirectory();
    const long = new Date(2020, 1);
    for (const name of ["old", "alive", "elsewhere"]) {
      const directory = join(
        folder,
        name === "elsewhere" ? name : `out.partial-${name.padEnd(6, "0").slice(0, 6)}`,
      );
      await mkdir(join(directory, "blobs"), { recursive: true });
      await writeFile(join(directory, "blobs", "a"), "x");
      if (name !== "alive") await utimes(join(directory, "blobs", "a"), long, long);
      await utimes(join(directory, "blobs"), long, long);
      await utimes(directory, long, long);
    }
    await symlink(join(folder, "elsewhere"), join(folder, "out.partial-link00"));
    await unpack({ path, trust: TRUST, directory: join(folder, "out") });
    expect((await readdir(folder)).toSorted()).toEqual([
      "elsewhere",
      "out",
      "out.partial-alive0",
      "out.partial-link00",
    ]);
    expect(await readdir(join(folder, "elsewhere", "blobs"))).toEqual(["a"]);
  });
});

describe("unpack()", () => {
  it("writes every entry as it is, in any carrier, and a layout that opens", async () => {
    const made = await makeBundle();
    const entries = await readEntries(made.path);
    const tar = tarOf(entries);
    for (const path of [made.path, await fileOf(tar), await fileOf(gzipped(tar))]) {
      const { result, directory } = await unpackFile(path);
      expect(result).toMatchObject({
        directory,
        files: entries.size,
        bundleDigest: made.bundleDigest,
      });
      expect(await filesBelow(directory)).toEqual([...entries.keys()].toSorted());
      for (const [name, content] of entries) {
        expect([name, (await readFile(join(directory, name))).equals(content)]).toEqual([
          name,
          true,
        ]);
      }
      expect(await (await ImageLayout.open(directory)).roots()).toHaveLength(2);
      expect(await check(directory)).toMatchObject({ good: true });
      expect((await stat(directory)).mode & 0o777).toBe(0o755);
      expect(await readdir(dirname(directory))).toEqual(["out"]);
    }
  });

  it("is checked by sha256sum", async (context) => {
    needs(context, "sha256sum");
    const { directory } = await unpackFile((await makeBundle()).path);
    const args = ["-c", "--strict", "--quiet", "SHA256SUMS"];
    expect(execFileSync("sha256sum", args, { cwd: directory, encoding: "utf8" })).toBe("");
  });

  it("takes an added folder and junk away", async () => {
    const entries = [...(await readEntries((await makeBundle()).path))];
    const below = entries.map(([name, content]) => [`sample/${name}`, content] as const);
    const { directory } = await unpackFile(
      await fileOf(tarOf([...below, [".DS_Store", Buffer.from("x")]])),
    );
    expect(await filesBelow(directory)).toEqual(entries.map(([name]) => name).toSorted());
  });

  it("replaces nothing: a file, a directory that holds something, or a link to one", async () => {
    const { path } = await makeBundle();
    const base = await temporaryDirectory();
    await writeFile(join(base, "file"), "precious");
    await mkdir(join(base, "full"));
    await writeFile(join(base, "full", "x"), "precious");
    await symlink("full", join(base, "link"));
    for (const name of ["file", "full", "link"]) {
      const options = { path, trust: TRUST, workDirectory: tmpdir() };
      await expect(unpack({ ...options, directory: join(base, name) })).rejects.toMatchObject({
        code: "DRAY_FILE_EXISTS",
        kind: "usage",
      });
    }
    expect(await readFile(join(base, "full", "x"), "utf8")).toBe("precious");
    expect((await readdir(base)).toSorted()).toEqual(["file", "full", "link"]);
  });

  it("takes a directory that is empty, and makes those above it", async () => {
    const { path } = await makeBundle();
    const base = await temporaryDirectory();
    await mkdir(join(base, "empty"));
    const options = { path, trust: TRUST, workDirectory: tmpdir() };
    for (const name of ["empty", "a/b/c"]) {
      await unpack({ ...options, directory: join(base, name) });
      expect(await filesBelow(join(base, name))).toContain("SHA256SUMS");
    }
  });

  it("leaves nothing behind of what is refused", async () => {
    const entries = await readEntries((await makeBundle()).path);
    const blob = [...entries.keys()].at(-1) ?? "";
    const bad = {
      "an altered blob": await bundleFile(
        changed(entries, blob, (content) => Buffer.concat([content.subarray(1), Buffer.from([1])])),
      ),
      "an altered file": await bundleFile(
        changed(entries, "files/notes/read-me.txt", () => "Hullo\n"),
      ),
      "a missing blob": await bundleFile(changed(entries, blob, () => undefined)),
      "another signer": (await makeBundle(undefined, { key: newKey() })).path,
      "no signature": (await makeBundle(undefined, { key: "none" })).path,
      "a link": await fileOf(
        await framed(
          makeTar([
            ...[...entries].map(([name, content]) => ({ name, content })),
            { name: "x", type: "2", link: "/etc" },
          ]),
        ),
      ),
      "an altered blob, compressed again": await fileOf(
        gzipped(tarOf(changed(entries, blob, () => "x"))),
      ),
    };
    for (const [what, path] of Object.entries(bad)) {
      const base = await temporaryDirectory();
      const workDirectory = await temporaryDirectory();
      const options = { path, trust: TRUST, workDirectory };
      await expect(unpack({ ...options, directory: join(base, "out") })).rejects.toMatchObject({
        kind: "refused",
      });
      expect([what, ...(await readdir(base))]).toEqual([what]);
      expect([what, ...(await readdir(workDirectory))]).toEqual([what]);
    }
  });

  it("leaves nothing behind when it is stopped", async () => {
    const { path } = await makeBundle({
      ...sampleRecipe(),
      files: { large: seededBytes("large", 9_000_000) },
    });
    for (const carrier of [path, await fileOf(gzipped(tarOf(await readEntries(path)), 1))]) {
      const base = await temporaryDirectory();
      const workDirectory = await temporaryDirectory();
      const stop = new AbortController();
      const running = unpack(
        { path: carrier, trust: TRUST, directory: join(base, "out") },
        {
          workDirectory,
          signal: stop.signal,
          onEvent: (event) => event.type === "progress" && stop.abort(new Error("enough")),
        },
      );
      await expect(running).rejects.toThrow(/enough|abort/i);
      expect(await readdir(base)).toEqual([]);
      expect(await readdir(workDirectory)).toEqual([]);
    }
  });

  it("on a full disk says so and leaves nothing", async (context) => {
    const { path } = await makeBundle({ files: { large: seededBytes("large", 4_000_000) } });
    const base = await ownDisk(context, "size=1m");
    const options = { path, trust: TRUST, workDirectory: tmpdir() };
    await expect(unpack({ ...options, directory: join(base, "out") })).rejects.toMatchObject({
      code: "DRAY_DISK_FULL",
    });
    expect(await readdir(base)).toEqual([]);
  });
});
