import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { framedPieces } from "../../fixtures/archives.ts";
import { makeChart, makeParts, type BundleRecipe } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer, seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { BLOCK_PAYLOAD, MEMBER_PAYLOAD } from "../../src/archive/members/gzip-members.ts";
import { writeTar } from "../../src/archive/tar/tar-writer.ts";
import { layOut, openEntry, type BundleContents } from "../../src/bundle/contents.ts";
import { writeBundle, type Bring } from "../../src/bundle/write-bundle.ts";
import { collect } from "../../src/content/content.ts";
import { digestOf } from "../../src/oci/digest.ts";

const MTIME = new Date(0);

/** Layers that end before, at and behind the ends of blocks and members, and one with a SHA-512 digest. */
function recipe(): BundleRecipe {
  const strong = makeLayer("strong", 3000);
  const digest = digestOf(strong.bytes, "sha512");
  return {
    images: {
      "registry.example/a:1": makeImage([
        makeLayer("block", BLOCK_PAYLOAD),
        makeLayer("member", MEMBER_PAYLOAD - 512),
        makeLayer("more", MEMBER_PAYLOAD + 1),
        { ...strong, descriptor: { ...strong.descriptor, digest } },
      ]),
      "registry.example/b:1": makeImage([makeLayer("two", 2 * MEMBER_PAYLOAD + 70_000)]),
    },
    charts: [{ tgz: makeChart("web", "1.2.3") }],
    files: { "empty.txt": "", "file.bin": seededBytes("file", 100_000) },
  };
}

/** What one pass over the whole tar makes of the same contents. */
async function inOnePass(contents: BundleContents): Promise<Buffer> {
  const files = contents.entries.map((entry) => ({ ...entry, content: openEntry(entry) }));
  return collect(framedPieces(writeTar(files, { mtime: MTIME })));
}

const backwards: Bring = async (places, signal) => {
  for (const { file, fill } of places.toReversed()) {
    const { descriptor, source } = file;
    await fill({
      from: source.name,
      open: (offset) => source.fetch(descriptor, { offset, signal }),
    });
  }
};

const atOnce: Bring = (places, signal) =>
  Promise.all(
    places.map(({ file: { descriptor, source }, fill }) =>
      fill({ from: source.name, open: (offset) => source.fetch(descriptor, { offset, signal }) }),
    ),
  );

describe("a bundle whose blobs are written in any order", () => {
  it.each<[string, Bring | undefined]>([
    ["in turn", undefined],
    ["backwards", backwards],
    ["all at once", atOnce],
  ])("%s has the bytes that one pass over its tar gives", async (_how, bring) => {
    const contents = await layOut(await makeParts(recipe()), undefined);
    const path = join(await temporaryDirectory(), "out.tar.gz");
    const { fileDigest, size } = await writeBundle(path, contents, { mtime: MTIME, bring });
    const expected = await inOnePass(contents);
    expect(size).toBe(expected.length);
    expect(fileDigest).toBe(digestOf(expected));
    expect((await readFile(path)).equals(expected)).toBe(true);
  });
});
