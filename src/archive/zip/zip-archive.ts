import { crc32 } from "node:zlib";
import type { Bytes } from "../../content/content.ts";
import { once } from "../../content/memory.ts";
import type { Carrier, EntryPlace, ZipArchive } from "../archive.ts";
import { SeekCursor } from "../cursor.ts";
import type { FileRange } from "../file-range.ts";
import { inflateRaw, inflateRawSmall, tooLarge } from "../inflate.ts";
import { checkLocalHeader, LOCAL_HEADER, localHeaderBytes, type Take } from "./zip-local-header.ts";
import { readZipDirectory } from "./zip-directory.ts";
import { zipDamaged, type ZipMember, type NamedZip } from "./zip-member.ts";

const STORED = 0;

/**
 * A zip, read in place: what is stored by its offset, the rest inflated when it is asked for. Every
 * content is compared with its size and checksum, every local header with the directory.
 */
export async function openZip(
  range: FileRange,
  { limit, carrier, ...named }: NamedZip & { limit: number; carrier: Carrier },
): Promise<ZipArchive> {
  const { what } = named;
  const { members, start } = await readZipDirectory(range, named);
  const total = members.reduce((sum, { size }) => sum + size, 0);
  if (total > limit) throw tooLarge(what);
  const memberAt = ({ position }: EntryPlace): ZipMember => {
    const member = members[position];
    if (member === undefined) throw new Error(`a zip has no member ${position}`);
    return member;
  };
  const fill: Take = (position, length) => range.fill(position, Buffer.alloc(length));
  return {
    ...carrier,
    kind: "zip",
    async *entries() {
      const cursor = new SeekCursor(range);
      // Members that are small lie many in one window.
      const take: Take = (position, length) => {
        cursor.position = position;
        return cursor.take(length);
      };
      if ((members[0]?.offset ?? start) !== 0) {
        throw zipDamaged(what, undefined, "there is data before its first entry");
      }
      for (const [position, member] of members.entries()) {
        const next = members[position + 1]?.offset ?? start;
        await checkLocalHeader(take, member, { next, what });
        const { name, kind, type, size } = member;
        const content = (): Bytes => contentOf(range, member, { take, what });
        yield { name, kind, type, size, position, content };
      }
    },
    read: (entry) => contentOf(range, memberAt(entry), { take: fill, what }),
    async inPlace(entry) {
      const member = memberAt(entry);
      if (member.method !== STORED) return undefined;
      return range.slice(await contentStart(fill, member), member.size);
    },
    close: async () => {},
  };
}

async function contentStart(take: Take, { offset }: ZipMember): Promise<number> {
  return offset + localHeaderBytes(await take(offset, LOCAL_HEADER));
}

/** Content up to this size, compressed or not, is read and inflated at once. */
const SMALL_CONTENT = 64 * 1024;

async function* contentOf(
  range: FileRange,
  member: ZipMember,
  { take, what }: { take: Take; what: string },
): Bytes {
  const { name, method, compressedSize } = member;
  const start = await contentStart(take, member);
  const place = `${JSON.stringify(name)} in ${what}`;
  if (Math.max(compressedSize, member.size) <= SMALL_CONTENT) {
    const raw = await take(start, compressedSize);
    const bytes =
      method === STORED ? raw : inflateRawSmall(raw, { maxSize: member.size, what: place });
    yield* compared(once(bytes), member, what);
  } else {
    const raw = range.read(start, compressedSize);
    const content =
      method === STORED ? raw : inflateRaw(raw, { size: compressedSize, what: place });
    yield* compared(content, member, what);
  }
}

/** Content that ends only if its size and checksum are what the zip states. */
async function* compared(content: Bytes, member: ZipMember, what: string): Bytes {
  let size = 0;
  let sum = 0;
  for await (const piece of content) {
    size += piece.length;
    if (size > member.size) break;
    sum = crc32(piece, sum);
    yield piece;
  }
  if (size !== member.size) {
    const found = size > member.size ? "more" : size;
    throw zipDamaged(what, member.name, `expected ${member.size} bytes, found ${found}`);
  }
  if (sum !== member.crc32) {
    throw zipDamaged(
      what,
      member.name,
      "its content does not have the checksum that the zip states",
    );
  }
}
