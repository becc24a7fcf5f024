import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, symlink, writeFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeMultiArch, seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { collect } from "../../src/content/content.ts";
import { contentOf } from "../../src/content/memory.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { Annotation, LAYOUT_CONTENT } from "../../src/oci/image-layout.ts";
import { openFiles } from "../open-files.ts";
import { ownDisk } from "../own-disk.ts";

const MIB = 1024 * 1024;

function describeBytes(bytes: Buffer): Descriptor {
  return { mediaType: "a/b", digest: digestOf(bytes), size: bytes.length };
}

function named(root: Descriptor, name: string): Descriptor {
  return { ...root, annotations: { ...root.annotations, [Annotation.refName]: name } };
}

describe("ImageLayout.create()", () => {
  it("makes an empty layout as the specification wants it", async () => {
    const directory = join(await temporaryDirectory(), "a", "b");
    const layout = await ImageLayout.create(directory);
    expect(await readFile(join(directory, "oci-layout"), "utf8")).toBe(
      '{"imageLayoutVersion":"1.0.0"}',
    );
    expect(JSON.parse(await readFile(join(directory, "index.json"), "utf8"))).toEqual({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [],
    });
    expect(await layout.roots()).toEqual([]);
  });

  it("leaves a layout that is there as it is", async () => {
    const directory = await temporaryDirectory();
    const layout = await ImageLayout.create(directory);
    const { descriptor } = makeMultiArch("root").root;
    await layout.changeRoots(() => [descriptor]);
    await writeFile(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0","more":1}');
    expect(await (await ImageLayout.create(directory)).roots()).toEqual([descriptor]);
    expect(await readFile(join(directory, "oci-layout"), "utf8")).toContain("more");
  });

  it("can be called by many at the same time", async () => {
    const directory = await temporaryDirectory();
    await Promise.all(Array.from({ length: 20 }, () => ImageLayout.create(directory)));
    expect((await readdir(directory)).toSorted()).toEqual(["blobs", "index.json", "oci-layout"]);
  });

  it("heals a marker that a killed run left empty", async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "oci-layout"), "");
    await ImageLayout.create(directory);
    expect(await readFile(join(directory, "oci-layout"))).toEqual(Buffer.from(LAYOUT_CONTENT));
  });
});

describe("ImageLayout.open()", () => {
  it("refuses a directory that is none, and says why", async () => {
    const directory = await temporaryDirectory();
    await expect(ImageLayout.open(directory)).rejects.toMatchObject({
      code: "DRAY_LAYOUT_INVALID",
      message: expect.stringContaining("has no oci-layout") as string,
    });
    await writeFile(join(directory, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
    await expect(ImageLayout.open(directory)).rejects.toMatchObject({
      code: "DRAY_LAYOUT_INVALID",
    });
    await writeFile(join(directory, "oci-layout"), "rubbish");
    await expect(ImageLayout.open(directory)).rejects.toMatchObject({ code: "DRAY_JSON_INVALID" });
  });
});

describe("fetch()", () => {
  it("reads from any byte", async () => {
    const layout = await ImageLayout.create(await temporaryDirectory());
    const bytes = seededBytes("fetch", 3 * MIB);
    await layout.push(describeBytes(bytes), contentOf(bytes, "memory"));
    for (const offset of [0, 1, MIB, bytes.length - 1, bytes.length]) {
      const read = await collect(layout.fetch(describeBytes(bytes), { offset }));
      expect(read.equals(bytes.subarray(offset))).toBe(true);
    }
  });

  it("closes the file when the reader stops early", async () => {
    const layout = await ImageLayout.create(await temporaryDirectory());
    const bytes = seededBytes("early", 3 * MIB);
    await layout.push(describeBytes(bytes), contentOf(bytes, "memory"));
    const before = await openFiles();
    for (let round = 0; round < 20; round++) {
      for await (const piece of layout.fetch(describeBytes(bytes))) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
    }
    await expect.poll(openFiles).toBeLessThan(before + 10);
  });
});

describe("changeRoots()", () => {
  it("loses nothing when many change at the same time", async () => {
    const layout = await ImageLayout.create(await temporaryDirectory());
    const roots = Array.from({ length: 30 }, (_, index) => describeBytes(Buffer.from([index])));
    await Promise.all(roots.map((root) => layout.changeRoots((all) => [...all, root])));
    expect(await layout.roots()).toEqual(roots);
    expect((await readdir(layout.directory)).toSorted()).toEqual([
      "blobs",
      "index.json",
      "oci-layout",
    ]);
  });

  it("leaves the old index where the new one fails", async () => {
    const layout = await ImageLayout.create(await temporaryDirectory());
    const root = describeBytes(Buffer.from("root"));
    await layout.changeRoots(() => [root]);
    await expect(
      layout.changeRoots(() => {
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    expect(await layout.roots()).toEqual([root]);
    await layout.changeRoots((all) => all.slice(1));
    expect(await layout.roots()).toEqual([]);
  });
});

describe("tag()", () => {
  it("takes the name from what had it, and leaves every other entry as it was", async () => {
    const layout = await ImageLayout.create(await temporaryDirectory());
    const [before, after, other] = ["before", "after", "other"].map((text) =>
      describeBytes(Buffer.from(text)),
    ) as [Descriptor, Descriptor, Descriptor];
    await layout.changeRoots(() => [other, named(other, "edge"), named(before, "1.0")]);
    await layout.tag("1.0", { ...after, annotations: { "a.b/c": "kept" } });
    expect(await layout.roots()).toEqual([
      other,
      named(other, "edge"),
      named({ ...after, annotations: { "a.b/c": "kept" } }, "1.0"),
    ]);
  });
});

describe("a disk that is full", () => {
  it("is named, keeps what was there and loses the part", async (context) => {
    const layout = await ImageLayout.create(join(await ownDisk(context, "size=2m"), "layout"));
    const small = seededBytes("small", 100_000);
    await layout.push(describeBytes(small), contentOf(small, "memory"));
    const large = seededBytes("large", 4 * MIB);
    await expect(
      layout.push(describeBytes(large), contentOf(large, "memory")),
    ).rejects.toMatchObject({ code: "DRAY_DISK_FULL", hint: expect.any(String) as string });
    expect(await layout.exists(describeBytes(large))).toBe(false);
    expect(await readdir(join(layout.directory, "ingest"))).toEqual([]);
    expect(await collect(layout.fetch(describeBytes(small)))).toEqual(small);
    // There is room again for what fits.
    const other = seededBytes("other", MIB);
    await layout.push(describeBytes(other), contentOf(other, "memory"));
    expect(await layout.exists(describeBytes(other))).toBe(true);
  });
});

describe("a directory that nobody may write to", () => {
  it("gives the system's own error and serves what it has", async (context) => {
    const directory = await ownDisk(context, "size=2m");
    const bytes = seededBytes("read only", 1000);
    const layout = await ImageLayout.create(directory);
    await layout.push(describeBytes(bytes), contentOf(bytes, "memory"));
    execFileSync("mount", ["-o", "remount,ro", directory]);
    const other = seededBytes("another", 1000);
    await expect(
      layout.push(describeBytes(other), contentOf(other, "memory")),
    ).rejects.toMatchObject({ code: "EROFS" });
    const again = await ImageLayout.open(directory);
    expect(await collect(again.fetch(describeBytes(bytes)))).toEqual(bytes);
    expect(await again.exists(describeBytes(other))).toBe(false);
  });
});

describe("exists()", () => {
  it("takes neither a directory nor nothing for a blob", async () => {
    const layout = await ImageLayout.create(await temporaryDirectory());
    const expected = describeBytes(Buffer.from("x"));
    expect(await layout.exists(expected)).toBe(false);
    await mkdir(layout.blobFile(expected.digest));
    expect(await layout.exists(expected)).toBe(false);
  });

  it("is false for a link that leads nowhere", async () => {
    const layout = await ImageLayout.create(await temporaryDirectory());
    const expected = describeBytes(Buffer.from("x"));
    await symlink("/nowhere", layout.blobFile(expected.digest));
    expect(await layout.exists(expected)).toBe(false);
    await layout.push(expected, contentOf(Buffer.from("x"), "memory"));
    expect(await layout.exists(expected)).toBe(true);
  });
});

describe("remove()", () => {
  it("forgets a blob, also one that was never there", async () => {
    const layout = await ImageLayout.create(await temporaryDirectory());
    const bytes = Buffer.from("gone");
    await layout.push(describeBytes(bytes), contentOf(bytes, "memory"));
    await layout.remove(digestOf(bytes));
    await layout.remove(digestOf(bytes));
    expect(await layout.exists(describeBytes(bytes))).toBe(false);
    await rm(layout.directory, { recursive: true });
  });
});
