import type { Bytes } from "../content/content.ts";
import type { Finding } from "../finding.ts";
import type { FileRange } from "./file-range.ts";
import type { PartSet } from "./parts/part-set.ts";

/** Whatever holds entries. Its kind is how it is read; what it was wrapped in stands in `forms`. */
export type Archive = DirectoryArchive | FileArchive;

/** What a file turns out to hold. */
export type FileArchive = TarArchive | ZipArchive | StreamArchive;

/** What is read at any place, as often as somebody asks. */
export type SeekableArchive = DirectoryArchive | TarArchive | ZipArchive;

/** Where the entries came from. */
export interface Carrier {
  /** The file that holds them: where a directory holds nothing but one archive, that one. */
  readonly path: string;
  /** For people, outermost first: `gzip members`, `tar`. */
  readonly forms: readonly string[];
  /** Bytes of the file, 0 for a directory. */
  readonly size: number;
  /** What was done to open it. */
  readonly notes: readonly Finding[];
  /** The parts that `path` was cut into, where it is not one file. */
  readonly parts?: PartSet | undefined;
}

interface Opened extends Carrier {
  /** Every entry once, in stored order. */
  entries(options: EntriesOptions): AsyncIterable<RawEntry>;
  close(): Promise<void>;
}

interface EntriesOptions {
  /**
   * Read everything and apply every check of the carrier's own format, instead of jumping over what
   * is not asked for.
   */
  readonly check: boolean;
}

interface Seekable extends Opened {
  /**
   * Opens the content of an entry, at any time. With `reuse` each piece is used before the one after
   * the next is asked for: it may be written over then.
   */
  read(entry: EntryPlace, options?: { readonly reuse?: boolean }): Bytes;
}

/** A directory of the disk; `path` is its root, and each entry a file below. */
export interface DirectoryArchive extends Seekable {
  readonly kind: "directory";
}

/** A tar that lies in a file, as it is or in the bundle's own gzip members. */
export interface TarArchive extends Seekable {
  readonly kind: "tar";
  readonly framing: TarFraming;
  /** Nothing is around it in the file at `path`, whose size therefore is its own. */
  readonly isWholeFile: boolean;
  /** Where the content of an entry lies in the file as it is; undefined inside of gzip members. */
  inPlace(entry: EntryPlace): Promise<FileRange | undefined>;
  /**
   * Hashes an entry on another thread, and says how many bytes more it has read; undefined where that
   * does not pay.
   */
  hash(task: HashTask, onRead: (bytes: number) => void): Promise<string[]> | undefined;
}

export type TarFraming = "plain" | "members";

export interface ZipArchive extends Seekable {
  readonly kind: "zip";
  /** Where the content of an entry lies in the file as it is; undefined if it is compressed. */
  inPlace(entry: EntryPlace): Promise<FileRange | undefined>;
}

/** A tar that comes out of a compression: each look at its entries decompresses it from the start. */
export interface StreamArchive extends Opened {
  readonly kind: "stream";
  /** All of the tar, decompressed. */
  tar(): Bytes;
  /** The tar has so many bytes, or more. */
  readonly leastSize: number;
}

/** Names the content of an entry. */
export interface EntryPlace {
  /** Where it begins: in bytes of tar, or as a number in the order of other archives. */
  readonly position: number;
  /** Bytes of content. */
  readonly size: number;
}

/** An entry whose digests are wanted. */
export interface HashTask extends EntryPlace {
  /** `sha256`, `sha512`. */
  readonly algorithms: readonly string[];
  /** Check the carrier on the way. @default true */
  readonly check?: boolean;
}

export type EntryKind = "file" | "directory" | "link" | "device" | "other";

/** One entry of an archive, as the archive states it: nothing about it is checked yet. */
export interface RawEntry extends EntryPlace {
  readonly name: string;
  readonly kind: EntryKind;
  /** What the archive calls it, for messages. */
  readonly type: string;
  /** Of a hard link in a tar: the name of the entry before it whose content it has. */
  readonly sameAs?: string | undefined;
  /** The content, once, before the next entry is asked for. */
  content(): Bytes;
}
