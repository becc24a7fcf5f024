import type { EntryKind } from "../archive.ts";

/** What a type flag means, and what it is called. */
export interface TarType {
  readonly kind: EntryKind;
  /** For messages. */
  readonly name: string;
}

const FILE: TarType = { kind: "file", name: "File" };
const DIRECTORY: TarType = { kind: "directory", name: "Directory" };

/** By type flag. GNU tar lists what an incremental backup saw in the content of a directory. */
const TYPES: Readonly<Record<string, TarType>> = {
  "\0": FILE,
  "0": FILE,
  "7": FILE,
  "1": { kind: "link", name: "Link" },
  "2": { kind: "link", name: "SymbolicLink" },
  "3": { kind: "device", name: "CharacterDevice" },
  "4": { kind: "device", name: "BlockDevice" },
  "5": DIRECTORY,
  "6": { kind: "device", name: "FIFO" },
  D: DIRECTORY,
  M: { kind: "other", name: "ContinuationFile" },
  S: { kind: "other", name: "SparseFile" },
};

/** Headers that only describe what follows. Sun's `X` came before POSIX's `x`. */
export const PAX_TYPES: ReadonlySet<string> = new Set(["x", "X"]);
export const GLOBAL_PAX_TYPE = "g";
export const LONG_NAME_TYPE = "L";
export const LONG_LINK_TYPE = "K";
/** The label of a volume says nothing of any entry. */
export const LABEL_TYPE = "V";
export const HARD_LINK_TYPE = "1";
export const SPARSE_TYPE = "S";

/** Directories and hard links have no content, whatever size they state: all programs read them so. */
export const WITHOUT_CONTENT: ReadonlySet<string> = new Set(["1", "5"]);

/**
 * What an entry is. Old programs write directories as files whose name ends in a slash, by which the
 * whole name is meant: the field in the header may be cut right behind one.
 */
export function typeOf(flag: string, name: string): TarType {
  const type = TYPES[flag] ?? { kind: "other", name: `an entry of type ${JSON.stringify(flag)}` };
  return type === FILE && name.endsWith("/") ? DIRECTORY : type;
}
