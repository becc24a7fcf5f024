import type { Bytes } from "../content/content.ts";
import type { HashTask } from "./hash-content.ts";
import type { RawEntry } from "./tar-reader.ts";

interface EntriesOptions {
  /**
   * Read everything and apply every check of the carrier's own format, instead of jumping over what
   * is not asked for.
   */
  readonly check: boolean;
}

/** Whatever holds entries: a tar in one compression or another, a directory, a zip. */
export interface Archive {
  readonly path: string;
  /** What the content says it is, outermost first: `gzip members, tar`. */
  readonly form: string;
  /** Bytes of the file, 0 for a directory. */
  readonly size: number;
  /** Every member once, in stored order. */
  entries(options: EntriesOptions): AsyncIterable<RawEntry>;
  /** Opens the content of a member again, at any time; undefined where there is only one pass. */
  readonly read: ((entry: Pick<RawEntry, "position" | "size">) => Bytes) | undefined;
  /** Hashes a member's content on other threads; undefined where that does not pay. */
  readonly hash?: ((task: HashTask) => Promise<string[]>) | undefined;
  /** The whole tar, decompressed, for carriers that have only one pass. */
  readonly tar?: (() => Bytes) | undefined;
  close(): Promise<void>;
}
