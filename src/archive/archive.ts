import type { Bytes } from "../content/content.ts";
import type { Finding } from "../finding.ts";
import type { FileRange } from "./file-range.ts";
import type { HashTask } from "./hash-content.ts";
import type { RawEntry } from "./tar/tar-reader.ts";

interface EntriesOptions {
  /**
   * Read everything and apply every check of the carrier's own format, instead of jumping over what
   * is not asked for.
   */
  readonly check: boolean;
}

/** Names the content of a member. */
export type EntryPlace = Pick<RawEntry, "position" | "size">;

/** Whatever holds entries: a tar in one compression or another, a directory, a zip. */
export interface Archive {
  /** The file that holds it: where a directory holds nothing but one archive, that one. */
  readonly path: string;
  /** What the content says it is, outermost first: `gzip members, tar`. */
  readonly form: string;
  /** Bytes of the file, 0 for a directory. */
  readonly size: number;
  /** What was done to open it. */
  readonly notes?: readonly Finding[] | undefined;
  /** Every member once, in stored order. */
  entries(options: EntriesOptions): AsyncIterable<RawEntry>;
  /** Opens the content of a member again, at any time; undefined where there is only one pass. */
  readonly read: ((entry: EntryPlace) => Bytes) | undefined;
  /** Where the content of a member lies in a file as it is, for what can lie so. */
  readonly inPlace?: ((entry: EntryPlace) => Promise<FileRange | undefined>) | undefined;
  /** Hashes a member's content on other threads; undefined where that does not pay. */
  readonly hash?: ((task: HashTask) => Promise<string[]>) | undefined;
  /** The whole tar, decompressed, for carriers that have only one pass. */
  readonly tar?: (() => Bytes) | undefined;
  /** That tar has so many bytes, or more. */
  readonly leastSize?: number | undefined;
  close(): Promise<void>;
}
