import { zipDamaged, type ZipMember } from "./zip-member.ts";

/** Fixed part of a local file header. APPNOTE 6.3.10 §4.3.7 */
export const LOCAL_HEADER = 30;
const LOCAL_SIGNATURE = 0x04034b50;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
/** With a signature or without, with sizes of 4 bytes or 8. */
const DESCRIPTOR_LENGTHS: ReadonlySet<number> = new Set([12, 16, 20, 24]);

/** The checksum and the sizes come behind the content. */
const HAS_DESCRIPTOR = 0x8;
/** The size stands in a Zip64 record. */
const ELSEWHERE = 0xffff_ffff;

/** Reads so many bytes of the zip from so far on; fewer only at its end. */
export type Take = (position: number, length: number) => Promise<Buffer>;

/** Bytes of the whole local header that begins with `fixed`. */
export function localHeaderBytes(fixed: Buffer): number {
  return LOCAL_HEADER + fixed.readUInt16LE(26) + fixed.readUInt16LE(28);
}

/**
 * Compares what stands before and behind a member with what the directory says of it: programs that
 * read one or the other have to see the same. `next` is where the next thing begins.
 *
 * @throws DrayError `DRAY_ZIP_DAMAGED`
 */
export async function checkLocalHeader(
  take: Take,
  member: ZipMember,
  { next, what }: { next: number; what: string },
): Promise<void> {
  const fixed = await take(member.offset, LOCAL_HEADER);
  if (fixed.length < LOCAL_HEADER || fixed.readUInt32LE(0) !== LOCAL_SIGNATURE) {
    throw zipDamaged(what, member.name, "its header is not where the directory says");
  }
  const name = await take(member.offset + LOCAL_HEADER, fixed.readUInt16LE(26));
  const differs = name.equals(member.rawName) ? difference(fixed, member) : "name";
  if (differs !== undefined) {
    throw zipDamaged(what, member.name, `its header and the directory differ in its ${differs}`);
  }
  const end = member.offset + localHeaderBytes(fixed) + member.compressedSize;
  if (end > next) throw zipDamaged(what, member.name, "it reaches into what comes next");
  const problem = await problemBehind(take, { member, fixed, end, next });
  if (problem !== undefined) throw zipDamaged(what, member.name, problem);
}

/** Behind the content stands its descriptor, if the header promises one, and nothing else. */
async function problemBehind(
  take: Take,
  { member, fixed, end, next }: { member: ZipMember; fixed: Buffer; end: number; next: number },
): Promise<string | undefined> {
  if (end === next) {
    return !hasDescriptor(fixed) || member.compressedSize === 0
      ? undefined
      : "its header promises a checksum behind it, and there is none";
  }
  const isDescribed =
    hasDescriptor(fixed) &&
    DESCRIPTOR_LENGTHS.has(next - end) &&
    describes(await take(end, next - end), member);
  return isDescribed ? undefined : "there is data behind it that belongs to nothing";
}

function hasDescriptor(fixed: Buffer): boolean {
  return (fixed.readUInt16LE(6) & HAS_DESCRIPTOR) !== 0;
}

function difference(fixed: Buffer, member: ZipMember): string | undefined {
  if (fixed.readUInt16LE(8) !== member.method) return "compression";
  const stated = [
    [fixed.readUInt32LE(14), member.crc32, "checksum"],
    [fixed.readUInt32LE(18), member.compressedSize, "compressed size"],
    [fixed.readUInt32LE(22), member.size, "size"],
  ] as const;
  const isUnsaid = (value: number): boolean =>
    value === ELSEWHERE || (value === 0 && hasDescriptor(fixed));
  return stated.find(([found, wanted]) => found !== wanted && !isUnsaid(found))?.[2];
}

/** A descriptor has a signature or none, and sizes of 4 bytes or 8. APPNOTE 6.3.10 §4.3.9 */
function describes(bytes: Buffer, { crc32, compressedSize, size }: ZipMember): boolean {
  const isSigned = bytes.length % 8 === 0;
  if (isSigned && bytes.readUInt32LE(0) !== DESCRIPTOR_SIGNATURE) return false;
  const values = isSigned ? bytes.subarray(4) : bytes;
  const width = (values.length - 4) / 2;
  const number = (at: number): number =>
    width === 4 ? values.readUInt32LE(at) : Number(values.readBigUInt64LE(at));
  return (
    values.readUInt32LE(0) === crc32 && number(4) === compressedSize && number(4 + width) === size
  );
}
