import { crc32 } from "node:zlib";
import type { Bytes } from "../content/content.ts";
import type { Archive, EntryPlace } from "./archive.ts";
import { SeekCursor } from "./cursor.ts";
import type { FileRange } from "./file-range.ts";
import { inflateRaw, tooLarge } from "./inflate.ts";
import { checkLocalHeader, LOCAL_HEADER, localHeaderBytes } from "./zip-local-header.ts";
import { zipDamaged } from "./zip-damage.ts";
import { readZipDirectory, type ZipMember } from "./zip-directory.ts";

const STORED = 0;

/**
 * A zip, read in place: what is stored by its offset, the rest inflated when it is asked for. Every
 * content is compared with its size and checksum, every local header with the directory.
 */
export async function openZip(
  range: FileRange,
  { what, limit }: { what: string; limit: number },
): Promise<Omit<Archive, "path" | "form" | "size">> {
  const { members, start } = await readZipDirectory(range, what);
  const total = members.reduce((sum, { size }) => sum + size, 0);
  if (total > limit) throw tooLarge(what);
  const memberAt = ({ position }: EntryPlace): ZipMember => {
    const member = members[position];
    if (member === undefined) throw new Error(`a zip has no member ${position}`);
    return member;
  };
  return {
    async *entries() {
      const cursor = new SeekCursor(range);
      if ((members[0]?.offset ?? start) !== 0) {
        throw zipDamaged(what, undefined, "there is data before its first entry");
      }
      for (const [position, member] of members.entries()) {
        const next = members[position + 1]?.offset ?? start;
        await checkLocalHeader(cursor, member, { next, what });
        const { name, kind, type, size } = member;
        const content = (): Bytes => contentOf(range, member, what);
        yield { name, kind, type, size, position, content };
      }
    },
    read: (entry) => contentOf(range, memberAt(entry), what),
    async inPlace(entry) {
      const member = memberAt(entry);
      if (member.method !== STORED) return undefined;
      return range.slice(await contentStart(range, member), member.size);
    },
    close: async () => {},
  };
}

async function contentStart(range: FileRange, { offset }: ZipMember): Promise<number> {
  const header = await range.fill(offset, Buffer.alloc(LOCAL_HEADER));
  return offset + localHeaderBytes(header);
}

async function* contentOf(range: FileRange, member: ZipMember, what: string): Bytes {
  const { name, method, compressedSize } = member;
  const raw = range.read(await contentStart(range, member), compressedSize);
  const place = `${JSON.stringify(name)} in ${what}`;
  const content = method === STORED ? raw : inflateRaw(raw, { size: compressedSize, what: place });
  let size = 0;
  let sum = 0;
  for await (const piece of content) {
    size += piece.length;
    if (size > member.size) break;
    sum = crc32(piece, sum);
    yield piece;
  }
  if (size !== member.size) {
    throw zipDamaged(
      what,
      name,
      `expected ${member.size} bytes, found ${size > member.size ? "more" : size}`,
    );
  }
  if (sum !== member.crc32) {
    throw zipDamaged(what, name, "its content does not have the checksum that the zip states");
  }
}
