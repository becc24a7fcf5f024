import { isUtf8 } from "node:buffer";
import { getFileNameLowLevel, type Entry } from "yauzl";
import { DrayError } from "../../errors.ts";
import type { EntryKind } from "../archive.ts";
import { unpacking } from "../known-file.ts";

/** One member, as the central directory states it. */
export interface ZipMember {
  readonly name: string;
  readonly rawName: Buffer;
  readonly kind: EntryKind;
  readonly type: string;
  /** Where its local header begins. */
  readonly offset: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
}

const ENCRYPTED = 0x1;
const METHODS: ReadonlySet<number> = new Set([0, 8]);
/** APPNOTE 6.3.10 §4.4.5 */
const METHOD_NAMES: Readonly<Record<number, string>> = {
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "zstd",
  95: "xz",
  98: "PPMd",
  99: "AES encryption",
};

/** How a zip is spoken of: its path and what was taken off it, and the word for it in commands. */
export interface NamedZip {
  readonly what: string;
  readonly file: string;
}

export function toMember(entry: Entry, zip: NamedZip): ZipMember {
  const { what } = zip;
  const name = zipName(entry);
  const member = {
    name,
    rawName: entry.fileNameRaw,
    ...zipKind(entry, name),
    offset: entry.relativeOffsetOfLocalHeader,
    method: entry.compressionMethod,
    crc32: entry.crc32,
    compressedSize: entry.compressedSize,
    size: entry.uncompressedSize,
  };
  const { method } = member;
  if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0) throw zipEncrypted(zip, name);
  if (!METHODS.has(method)) {
    const how = METHOD_NAMES[method] ?? `method ${method}`;
    throw unsupported(what, name, `it is compressed with ${how}`);
  }
  if (member.kind !== "file" && member.kind !== "link" && member.size > 0) {
    throw zipDamaged(what, name, `a ${member.type} has content`);
  }
  return member;
}

/** Systems that a zip says it was made on. APPNOTE 6.3.10 §4.4.2.2 */
const UNIX_HOSTS: ReadonlySet<number> = new Set([3, 19]);
/** These write `\` between the parts of a path, or wrote it once. */
const DOS_HOSTS: ReadonlySet<number> = new Set([0, 10, 11, 14]);

const UTF8_NAME = 0x800;

/** The name of a member as its maker meant it; whether it is a good one is for the entry rules. */
function zipName(entry: Entry): string {
  const { fileNameRaw, extraFields, generalPurposeBitFlag } = entry;
  const host = entry.versionMadeBy >>> 8;
  // Macs write UTF-8 and do not say so.
  const isUnsaidUtf8 = UNIX_HOSTS.has(host) && isUtf8(fileNameRaw);
  const flags = isUnsaidUtf8 ? generalPurposeBitFlag | UTF8_NAME : generalPurposeBitFlag;
  return getFileNameLowLevel(flags, fileNameRaw, extraFields, !DOS_HOSTS.has(host));
}

const KINDS: ReadonlyMap<number, readonly [EntryKind, string]> = new Map([
  [0o00, ["file", "File"]],
  [0o10, ["file", "File"]],
  [0o04, ["directory", "Directory"]],
  [0o12, ["link", "SymbolicLink"]],
  [0o01, ["device", "FIFO"]],
  [0o02, ["device", "CharacterDevice"]],
  [0o06, ["device", "BlockDevice"]],
]);

/** The upper half of the attributes is a Unix mode where the maker knew one, else zeros. */
function zipKind(entry: Entry, name: string): { kind: EntryKind; type: string } {
  const mode = entry.externalFileAttributes >>> 28;
  const [kind, type] = KINDS.get(mode) ?? ["other", `mode ${mode.toString(8)}`];
  if (kind === "file" && name.endsWith("/")) return { kind: "directory", type: "Directory" };
  return { kind, type };
}

function unsupported(what: string, name: string, reason: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_UNSUPPORTED",
    `Cannot read ${JSON.stringify(name)} in the zip ${what}: ${reason}`,
    { kind: "refused", hint: "Unpack it with the program that made it and name the directory." },
  );
}

/** A member, or the names of all of them, cannot be read without a passphrase. */
export function zipEncrypted({ what, file }: NamedZip, name: string | undefined): DrayError {
  const where = name === undefined ? "" : `${JSON.stringify(name)} in `;
  return new DrayError(
    "DRAY_ARCHIVE_UNSUPPORTED",
    `Cannot read ${where}the zip ${what}: it is encrypted`,
    {
      kind: "refused",
      hint: `Unpack it with its passphrase into a directory of its own, and name that: ${unpacking(file, "7z x -oDIR FILE")}.`,
    },
  );
}

/** What is wrong with a zip, or with one member of it. */
export function zipDamaged(what: string, name: string | undefined, reason: string): DrayError {
  const where = name === undefined ? "" : `${JSON.stringify(name)} in `;
  return new DrayError("DRAY_ZIP_DAMAGED", `Cannot read ${where}the zip ${what}: ${reason}`, {
    kind: "refused",
    hint: "The file changed after it was written. Copy it again.",
  });
}
