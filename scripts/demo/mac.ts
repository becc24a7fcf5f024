import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { openArchive } from "../../src/archive/open-archive.ts";
import { writeTar, type TarInput } from "../../src/archive/tar/tar-writer.ts";
import { once } from "../../src/content/memory.ts";

/** What Finder and bsdtar leave beside a file: AppleDouble with an empty resource fork. */
const APPLE_DOUBLE = Buffer.concat([
  Buffer.from([0x00, 0x05, 0x16, 0x07, 0x00, 0x02, 0x00, 0x00]),
  Buffer.from("Mac OS X        ", "latin1"),
  Buffer.alloc(139),
]);

/**
 * Does to a bundle what unpacking it on a Mac and packing it again does: another gzip, a folder around
 * it, and files that nobody asked for. Returns the names of those files.
 */
export async function carryThroughMac(from: string, to: string): Promise<readonly string[]> {
  const added: string[] = [];
  const junk = (name: string, bytes: Buffer): TarInput => {
    added.push(name);
    return { name, size: bytes.length, content: once(bytes) };
  };
  const archive = await openArchive(from);
  async function* files(): AsyncGenerator<TarInput> {
    yield junk("demo-1.0.0/.DS_Store", Buffer.alloc(6148, 1));
    yield junk("__MACOSX/demo-1.0.0/._index.json", APPLE_DOUBLE);
    for await (const entry of archive.entries({ check: false })) {
      const { name, size } = entry;
      if (name.endsWith(".json")) yield junk(`demo-1.0.0/._${name}`, APPLE_DOUBLE);
      yield { name: `demo-1.0.0/${name}`, size, content: entry.content() };
    }
  }
  const tar = writeTar(files(), { mtime: new Date(1_700_000_000_000) });
  await pipeline(tar, createGzip({ level: 1 }), createWriteStream(to));
  await archive.close();
  return added;
}
