import { isUtf8 } from "node:buffer";
import { getFileNameLowLevel, type Entry } from "yauzl";
import type { EntryKind } from "../archive.ts";

/** Systems that a zip says it was made on. APPNOTE 6.3.10 §4.4.2.2 */
const UNIX_HOSTS: ReadonlySet<number> = new Set([3, 19]);
/** These write `\` between the parts of a path, or wrote it once. */
const DOS_HOSTS: ReadonlySet<number> = new Set([0, 10, 11, 14]);

const UTF8_NAME = 0x800;

/** The name of a member as its maker meant it; whether it is a good one is for the entry rules. */
export function zipName(entry: Entry): string {
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
export function zipKind(entry: Entry, name: string): { kind: EntryKind; type: string } {
  const mode = entry.externalFileAttributes >>> 28;
  const [kind, type] = KINDS.get(mode) ?? ["other", `mode ${mode.toString(8)}`];
  if (kind === "file" && name.endsWith("/")) return { kind: "directory", type: "Directory" };
  return { kind, type };
}
