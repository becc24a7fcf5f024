import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Header } from "tar/header";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  makeBundle,
  makeChart,
  makeParts,
  newKey,
  readEntries,
  sampleRecipe,
  sha256,
  SIGNER,
  type BundleRecipe,
} from "../../fixtures/bundles.ts";
import { makeImage, makeLayer, makeMultiArch, seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { layOut, type BundleContents } from "../../src/bundle/contents.ts";
import type { DrayEvent } from "../../src/events.ts";
import { writeBundle } from "../../src/bundle/write-bundle.ts";
import type { Source } from "../../src/content/content.ts";
import { authored, once } from "../../src/content/memory.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { check } from "./checking.ts";
import { needs } from "../programs.ts";
import { ownDisk } from "../own-disk.ts";

const MTIME = new Date(0);

/** Two images that share a layer, charts with and without provenance, and files. */
function richRecipe(): BundleRecipe {
  return {
    name: "rich",
    version: "2.0.0",
    images: {
      "ghcr.io/z/last:1": makeMultiArch("z", { size: 2000 }),
      "docker.io/library/first:1": makeMultiArch("a", { size: 2000 }),
      "registry.example/alone:1": makeImage([makeLayer("z-base", 2000)]),
    },
    charts: [
      { tgz: makeChart("web", "1.2.3"), provenance: "-----BEGIN PGP SIGNED MESSAGE-----\n" },
      { tgz: makeChart("db", "0.1.0+build.1") },
    ],
    files: { "b.txt": "b", "a/nested/file.bin": seededBytes("file", 5000), "a.txt": "" },
  };
}

function contentsOf(files: Record<string, Buffer>): BundleContents {
  const entries = Object.entries(files);
  return {
    sums: Buffer.from("sums"),
    entries: entries.map(([name, content]) => ({ name, size: content.length, content })),
  };
}

/** One file `a`, of which a source gives what `fetch` says. */
function contentOf(bytes: Buffer, fetch: Source["fetch"]): BundleContents {
  const { descriptor } = authored("application/octet-stream", bytes);
  const source = { name: "a source", fetch };
  const content = { path: "a", descriptor, source };
  return { ...contentsOf({}), entries: [{ name: "a", size: bytes.length, content }] };
}

describe("a bundle", () => {
  it("has its entries in the order of the format", async () => {
    const { path, parts } = await makeBundle(richRecipe());
    const names = [...(await readEntries(path)).keys()];
    const head = [
      "SHA256SUMS",
      "SHA256SUMS.sigstore.json",
      "SHA256SUMS.sig",
      "README.txt",
      "bundle.json",
      "oci-layout",
      "index.json",
    ];
    expect(names.slice(0, head.length)).toEqual(head);
    const rest = names.slice(head.length);
    const charts = rest.filter((name) => name.startsWith("charts/"));
    const files = rest.filter((name) => name.startsWith("files/"));
    expect(charts).toEqual([
      "charts/db-0.1.0+build.1.tgz",
      "charts/web-1.2.3.tgz",
      "charts/web-1.2.3.tgz.prov",
    ]);
    expect(files).toEqual(["files/a.txt", "files/a/nested/file.bin", "files/b.txt"]);
    const blobs = rest.filter((name) => name.startsWith("blobs/sha256/"));
    expect(rest).toEqual([...charts, ...files, ...blobs]);
    const first = blobs.slice(0, parts.metadata.length);
    const metadata = parts.metadata.map((file) => file.path);
    expect(first).toEqual(metadata.toSorted());
    expect(blobs.slice(first.length)).toEqual(blobs.slice(first.length).toSorted());
    expect(new Set(names).size).toBe(names.length);
  });

  it("is a tar of plain files: mode, owner, time, no other kind of header", async () => {
    const created = new Date(1_700_000_000_000);
    const { path } = await makeBundle({ ...richRecipe(), created });
    const tar = gunzipSync(await readFile(path));
    let count = 0;
    for (let at = 0; tar[at] !== 0; count++) {
      const header = new Header(tar, at);
      expect(header).toMatchObject({
        type: "File",
        mode: 0o644,
        uid: 0,
        gid: 0,
        uname: "",
        gname: "",
        mtime: created,
      });
      at += 512 + Math.ceil((header.size ?? 0) / 512) * 512;
    }
    expect(count).toBe((await readEntries(path)).size);
  });

  it("lists every entry but the list and its signatures, sorted, with its sum", async () => {
    const { path, bundleDigest } = await makeBundle(richRecipe());
    const entries = await readEntries(path);
    const list = entries.get("SHA256SUMS") ?? Buffer.alloc(0);
    expect(digestOf(list)).toBe(bundleDigest);
    const lines = list.toString().trimEnd().split("\n");
    expect(lines).toEqual(
      [...entries]
        .filter(([name]) => !name.startsWith("SHA256SUMS"))
        .map(([name, bytes]) => `${sha256(bytes)}  ${name}`)
        .toSorted((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)),
    );
  });

  it("says of itself what was written: size, digest of the file, digest of the list", async () => {
    const made = await makeBundle();
    const bytes = await readFile(made.path);
    expect(made).toMatchObject({ size: bytes.length, fileDigest: digestOf(bytes) });
  });

  it("is unpacked and checked by tar, sha256sum and openssl alone", async (context) => {
    for (const program of ["tar", "sha256sum", "openssl"]) needs(context, program);
    const made = await makeBundle(richRecipe());
    const directory = await temporaryDirectory();
    const run = (program: string, ...args: string[]): string =>
      execFileSync(program, args, {
        cwd: directory,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    run("tar", "-xzf", made.path);
    expect(run("sha256sum", "-c", "--strict", "SHA256SUMS")).not.toContain("FAILED");
    const pub = SIGNER.publicKey.key.export({ type: "spki", format: "pem" });
    await writeFile(join(directory, "sender.pub"), pub);
    expect(
      run(
        "openssl",
        "dgst",
        "-sha256",
        "-verify",
        "sender.pub",
        "-signature",
        "SHA256SUMS.sig",
        "SHA256SUMS",
      ),
    ).toBe("Verified OK\n");
  });

  it("is an OCI archive to skopeo, with the digests that went in", async (context) => {
    needs(context, "skopeo");
    const image = makeMultiArch("skopeo", { size: 2000 });
    const made = await makeBundle({ images: { "registry.example/app:1": image } });
    const raw = execFileSync("skopeo", [
      "inspect",
      "--raw",
      `oci-archive:${made.path}:registry.example/app:1`,
    ]);
    expect(digestOf(raw)).toBe(image.root.descriptor.digest);
  });

  it("is the same, byte for byte, on two runs and whatever the order of the recipe", async () => {
    const recipe = richRecipe();
    const turned: BundleRecipe = {
      ...recipe,
      images: Object.fromEntries(Object.entries(recipe.images ?? {}).toReversed()),
      charts: (recipe.charts ?? []).toReversed(),
      files: Object.fromEntries(Object.entries(recipe.files ?? {}).toReversed()),
    };
    const made = await Promise.all(
      [recipe, recipe, turned].map((one) => makeBundle(one, { key: "none" })),
    );
    expect(new Set(made.map(({ fileDigest }) => fileDigest)).size).toBe(1);
    expect(new Set(made.map(({ bundleDigest }) => bundleDigest)).size).toBe(1);
  });

  it("has the same digest whoever signs it: only the signature files differ", async () => {
    const [unsigned, one, two] = await Promise.all([
      makeBundle(richRecipe(), { key: "none" }),
      makeBundle(richRecipe()),
      makeBundle(richRecipe(), { key: newKey() }),
    ]);
    const [plain, first, second] = await Promise.all(
      [unsigned, one, two].map(({ path }) => readEntries(path)),
    );
    expect(new Set([unsigned, one, two].map(({ bundleDigest }) => bundleDigest)).size).toBe(1);
    const differing = [...(first ?? [])].filter(
      ([name, bytes]) => second?.get(name)?.equals(bytes) !== true,
    );
    const signatures = ["SHA256SUMS.sigstore.json", "SHA256SUMS.sig"];
    expect(differing.map(([name]) => name)).toEqual(signatures);
    for (const name of signatures) first?.delete(name);
    expect([...(first ?? [])].map(([name]) => name)).toEqual([...(plain?.keys() ?? [])]);
    expect([...(first ?? [])].every(([name, bytes]) => plain?.get(name)?.equals(bytes))).toBe(true);
  });

  it("changes its digest with its content, its name, its version or its time", async () => {
    const base = sampleRecipe();
    const made = await Promise.all(
      [
        base,
        { ...base, name: "other" },
        { ...base, version: "1.0.1" },
        { ...base, created: new Date(1000) },
        { ...base, files: { "notes/read-me.txt": "hello\n" } },
        { ...base, files: { "notes/readme.txt": "Hello\n" } },
      ].map((recipe) => makeBundle(recipe, { key: "none" })),
    );
    expect(new Set(made.map(({ bundleDigest }) => bundleDigest)).size).toBe(made.length);
  });

  it("carries sha512 blobs under their own name", async () => {
    const layer = makeLayer("sha512", 1000);
    const strong = {
      ...layer,
      descriptor: { ...layer.descriptor, digest: digestOf(layer.bytes, "sha512") },
    };
    const { path } = await makeBundle({
      images: { "registry.example/strong:1": makeImage([strong]) },
    });
    expect((await readEntries(path)).has(`blobs/sha512/${strong.descriptor.digest.slice(7)}`)).toBe(
      true,
    );
    expect(await check(path)).toMatchObject({ good: true, findings: [] });
  });

  it.each([
    [
      "two charts of one name and version",
      {
        charts: [
          { tgz: makeChart("web", "1.0.0") },
          { tgz: makeChart("web", "1.0.0", "description: other\n") },
        ],
      },
    ],
    ["files that differ in case", { files: { "a.txt": "1", "A.TXT": "2" } }],
    ["a file that is also a directory", { files: { a: "1", "A/b": "2" } }],
  ])("is not written with %s: it would be refused", async (_what, recipe) => {
    await expect(makeBundle(recipe)).rejects.toMatchObject({
      code: "DRAY_BUNDLE_AMBIGUOUS",
      kind: "usage",
    });
  });

  it("may be of files alone", async () => {
    const { path } = await makeBundle({ files: { a: "x" } });
    expect(await check(path)).toMatchObject({ good: true, findings: [] });
  });
});

/** A megabyte of `byte` that says when half of it was taken, and waits before it goes on. */
function halting(byte: number, onHalf: () => void, goOn: Promise<void>): BundleContents {
  const half = Buffer.alloc(500_000, byte);
  return contentOf(Buffer.concat([half, half]), async function* () {
    yield half;
    onHalf();
    await goOn;
    yield half;
  });
}

/** A promise, and what resolves it. */
function gate(): { passed: Promise<void>; open: () => void } {
  let resolved: (() => void) | undefined;
  const passed = new Promise<void>((resolve) => (resolved = resolve));
  return { passed, open: () => resolved?.() };
}

describe("writeBundle()", () => {
  it("replaces nothing, unless it is told to", async () => {
    const path = join(await temporaryDirectory(), "out.tar.gz");
    await writeFile(path, "precious");
    const contents = contentsOf({ a: Buffer.from("x") });
    await expect(writeBundle(path, contents, { mtime: MTIME })).rejects.toMatchObject({
      code: "DRAY_FILE_EXISTS",
      kind: "usage",
    });
    expect(await readFile(path, "utf8")).toBe("precious");
    expect(await readdir(dirname(path))).toEqual(["out.tar.gz"]);
    await writeBundle(path, contents, { mtime: MTIME, force: true });
    expect(await readFile(path, "latin1")).not.toBe("precious");
  });

  it("leaves what was there when it fails, also when it was told to replace it", async () => {
    const path = join(await temporaryDirectory(), "out.tar.gz");
    await writeFile(path, "precious");
    const broken = contentOf(Buffer.from("12345"), () => once(Buffer.from("1234")));
    await expect(writeBundle(path, broken, { mtime: MTIME, force: true })).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
    });
    expect(await readFile(path, "utf8")).toBe("precious");
    expect(await readdir(dirname(path))).toEqual(["out.tar.gz"]);
  });

  it("leaves nothing when a blob changed under it, and names the blob", async () => {
    const parts = await makeParts(sampleRecipe());
    const [blob] = parts.blobs;
    const store = blob?.source.name.replace(/^layout "|"$/g, "");
    await writeFile(
      join(store ?? "", blob?.path ?? ""),
      seededBytes("x", blob?.descriptor.size ?? 0),
    );
    const path = join(await temporaryDirectory(), "out.tar.gz");
    const contents = await layOut(parts, undefined);
    await expect(writeBundle(path, contents, { mtime: MTIME })).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
      message: expect.stringContaining(blob?.descriptor.digest ?? "?") as string,
    });
    expect(await readdir(dirname(path))).toEqual([]);
  });

  it("leaves nothing when it is stopped", async () => {
    const path = join(await temporaryDirectory(), "out.tar.gz");
    const stop = new AbortController();
    const large = { a: Buffer.alloc(6_000_000), b: Buffer.alloc(6_000_000) };
    const writing = writeBundle(path, contentsOf(large), {
      mtime: MTIME,
      signal: stop.signal,
      onEvent: () => stop.abort(new Error("enough")),
    });
    await expect(writing).rejects.toThrow("enough");
    expect(await readdir(dirname(path))).toEqual([]);
  });

  it("clears away the part that a killed run left", async () => {
    const path = join(await temporaryDirectory(), "out.tar.gz");
    await writeFile(`${path}.partial`, Buffer.alloc(100_000));
    const { size } = await writeBundle(path, contentsOf({ a: Buffer.from("x") }), { mtime: MTIME });
    expect((await stat(path)).size).toBe(size);
    expect(await readdir(dirname(path))).toEqual(["out.tar.gz", "out.tar.gz.sha256"]);
  });

  it("at one name by two runs at once leaves one whole bundle, and says so to the other", async () => {
    const path = join(await temporaryDirectory(), "out.tar.gz");
    const [firstIsHalf, secondIsHalf] = [gate(), gate()];
    const first = writeBundle(path, halting(1, firstIsHalf.open, secondIsHalf.passed), {
      mtime: MTIME,
    });
    await firstIsHalf.passed;
    const second = writeBundle(path, halting(2, secondIsHalf.open, Promise.resolve()), {
      mtime: MTIME,
    });
    const [one, two] = await Promise.allSettled([first, second]);
    expect(two?.status).toBe("fulfilled");
    expect(one).toMatchObject({ status: "rejected", reason: { code: "DRAY_FILE_CHANGED" } });
    const [content] = (await readEntries(path)).values();
    expect(content?.equals(Buffer.alloc(1_000_000, 2))).toBe(true);
    expect(await readdir(dirname(path))).toEqual(["out.tar.gz", "out.tar.gz.sha256"]);
  });

  it("on a full disk says so and leaves nothing", async (context) => {
    const directory = await ownDisk(context, "size=1m");
    const path = join(directory, "out.tar.gz");
    await expect(
      writeBundle(path, contentsOf({ a: Buffer.alloc(9_000_000) }), { mtime: MTIME }),
    ).rejects.toMatchObject({ code: "DRAY_DISK_FULL", hint: expect.any(String) as string });
    expect(await readdir(directory)).toEqual([]);
  });

  it("into a directory that is not there says so", async () => {
    const path = join(await temporaryDirectory(), "missing", "out.tar.gz");
    await expect(writeBundle(path, contentsOf({}), { mtime: MTIME })).rejects.toMatchObject({
      code: "DRAY_SYSTEM_REFUSED",
      message: expect.stringContaining("there is no such file or directory") as string,
    });
    await mkdir(dirname(path));
    await writeBundle(path, contentsOf({ a: Buffer.alloc(1) }), { mtime: MTIME });
  });

  it("announces what is left to seal when all has come, where that is much, and nothing twice", async () => {
    const path = join(await temporaryDirectory(), "out.tar.gz");
    const events: DrayEvent[] = [];
    const { size } = await writeBundle(path, contentsOf({ a: Buffer.alloc(90_000_000) }), {
      mtime: MTIME,
      onEvent: (event) => events.push(event),
    });
    const [sealing] = events;
    const sealed = events.reduce((sum, one) => sum + (one.type === "progress" ? one.bytes : 0), 0);
    expect(sealing).toMatchObject({ type: "stage", stage: "seal", bytes: sealed });
    expect(sealed).toBeGreaterThan(64 * 1024 * 1024);
    expect(sealed).toBeLessThanOrEqual(size);
    expect(events.at(-1)).toEqual({ type: "stage", stage: "sync" });
  });
});
