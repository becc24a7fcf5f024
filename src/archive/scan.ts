import { createHash } from "node:crypto";
import { collect, type Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { Listener } from "../events.ts";
import type { Finding } from "../finding.ts";
import type { Archive } from "./archive.ts";
import { entryPath, foldedPath, type EntryPath } from "./entry-path.ts";
import { APPLE_DOUBLE_MAGIC, isJunkName, mayBeAppleDouble } from "./junk.ts";
import type { RawEntry } from "./tar-reader.ts";

/** More members than any bundle has; a list of them still fits in memory. */
const MAX_ENTRIES = 1_000_000;

/** One regular file that passed the entry rules. */
export interface Entry {
  readonly path: EntryPath;
  readonly size: number;
  readonly position: number;
  /** SHA-256 in hexadecimal, when the scan hashed. */
  readonly sha256: string | undefined;
  /** The content, when the scan was asked to keep it. */
  readonly bytes: Buffer | undefined;
}

export interface Scan {
  readonly entries: ReadonlyMap<string, Entry>;
  /** Paths of what the carrier added and was left out. */
  readonly stripped: readonly string[];
  readonly findings: readonly Finding[];
  /** False: the archive could not be read to its end, so what is missing proves nothing. */
  readonly complete: boolean;
}

export interface ScanOptions {
  /** Hash every file and apply every check of the carrier. */
  readonly hash: boolean;
  /** Says for which files the content is kept in memory. */
  readonly keep?: ((path: EntryPath, size: number) => boolean) | undefined;
  /** Stop once this says so: for readers that only want the head. */
  readonly until?: ((entries: ReadonlyMap<string, Entry>) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

/**
 * Goes through an archive once and applies the entry rules: regular files with safe, distinct names
 * stay; carrier junk is left out; the rest becomes findings.
 */
export async function scan(archive: Archive, options: ScanOptions): Promise<Scan> {
  const state = new ScanState(options);
  try {
    for await (const raw of archive.entries({ check: options.hash })) {
      options.signal?.throwIfAborted();
      await state.add(raw);
      if (options.until?.(state.entries) === true) return state.result(true);
    }
    return state.result(true);
  } catch (error) {
    if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
    state.report({
      code: error.code.replace(/^DRAY_/, ""),
      message: error.message,
      hint: error.hint,
    });
    return state.result(false);
  }
}

class ScanState {
  readonly entries = new Map<string, Entry>();
  readonly #options: ScanOptions;
  readonly #folded = new Map<string, string>();
  readonly #stripped: string[] = [];
  readonly #findings: Finding[] = [];
  #count = 0;

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  result(complete: boolean): Scan {
    const { entries } = this;
    return { entries, stripped: this.#stripped, findings: this.#findings, complete };
  }

  report(finding: {
    code: string;
    message: string;
    entry?: string;
    hint?: string | undefined;
  }): void {
    const { hint, ...rest } = finding;
    this.#findings.push({ severity: "error", ...rest, ...(hint === undefined ? {} : { hint }) });
  }

  async add(raw: RawEntry): Promise<void> {
    if (++this.#count > MAX_ENTRIES) throw tooMany();
    const checked = entryPath(raw.name);
    if (isJunkName(raw.name) && (!("problem" in checked) || raw.name.endsWith("Icon\r"))) {
      this.#stripped.push(raw.name);
    } else if ("problem" in checked) {
      this.report({
        code: "ENTRY_NAME_REFUSED",
        message: `Entry ${JSON.stringify(raw.name.slice(0, 200))} is refused: ${checked.problem}`,
        entry: raw.name,
      });
    } else if (raw.kind !== "directory") {
      await this.#file(raw, checked.path);
    }
  }

  async #file(raw: RawEntry, path: EntryPath): Promise<void> {
    if (raw.kind !== "file" || path === "") {
      this.report({
        code: "ENTRY_TYPE_REFUSED",
        message: `Entry ${JSON.stringify(path)} is refused: expected a regular file, found ${raw.type}`,
        entry: path,
      });
      return;
    }
    const content = new Content(raw, this.#options.onEvent);
    if (mayBeAppleDouble(path) && (await content.startsWith(APPLE_DOUBLE_MAGIC))) {
      this.#stripped.push(path);
      return;
    }
    if (!this.#isNew(path)) return;
    const wanted = this.#options.keep?.(path, raw.size) === true;
    const bytes = wanted ? await content.collect() : undefined;
    const sha256 = this.#options.hash ? await content.sha256(bytes) : undefined;
    this.entries.set(path, { path, size: raw.size, position: raw.position, sha256, bytes });
  }

  #isNew(path: string): boolean {
    const folded = foldedPath(path);
    const other = this.#folded.get(folded);
    if (other === undefined) {
      this.#folded.set(folded, path);
      return true;
    }
    const same =
      other === path
        ? "the same name"
        : `a name that only differs in case from ${JSON.stringify(other)}`;
    this.report({
      code: "ENTRY_DUPLICATE",
      message: `Entry ${JSON.stringify(path)} is refused: there is another with ${same}`,
      entry: path,
    });
    return false;
  }
}

/** One member's content, read at most once, whose start can be looked at first. */
class Content {
  readonly #raw: RawEntry;
  readonly #onEvent: Listener | undefined;
  #pieces: AsyncIterator<Uint8Array> | undefined;
  #head: Uint8Array[] = [];

  constructor(raw: RawEntry, onEvent: Listener | undefined) {
    this.#raw = raw;
    this.#onEvent = onEvent;
  }

  async startsWith(magic: Uint8Array): Promise<boolean> {
    this.#pieces = this.#raw.content()[Symbol.asyncIterator]();
    let head = Buffer.alloc(0);
    while (head.length < magic.length) {
      const { done, value } = await this.#pieces.next();
      if (done === true) break;
      this.#head.push(value);
      head = Buffer.concat([head, value]);
    }
    return head.subarray(0, magic.length).equals(magic);
  }

  async collect(): Promise<Buffer> {
    return collect(this.#rest());
  }

  async sha256(bytes: Buffer | undefined): Promise<string> {
    const hash = createHash("sha256");
    if (bytes !== undefined) return hash.update(bytes).digest("hex");
    for await (const piece of this.#rest()) hash.update(piece);
    return hash.digest("hex");
  }

  async *#rest(): Bytes {
    for (const piece of this.#head) yield this.#count(piece);
    if (this.#pieces === undefined) {
      for await (const piece of this.#raw.content()) yield this.#count(piece);
      return;
    }
    for (
      let next = await this.#pieces.next();
      next.done !== true;
      next = await this.#pieces.next()
    ) {
      yield this.#count(next.value);
    }
  }

  #count(piece: Uint8Array): Uint8Array {
    this.#onEvent?.({ type: "progress", bytes: piece.length });
    return piece;
  }
}

function tooMany(): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_TOO_LARGE",
    `Cannot read the archive: expected at most ${MAX_ENTRIES} entries, found more`,
    { kind: "refused" },
  );
}
