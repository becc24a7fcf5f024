import { all } from "../content/concurrency.ts";
import { DrayError } from "../errors.ts";
import type { Listener } from "../events.ts";
import { findingOf, type Finding } from "../finding.ts";
import { append } from "../content/append.ts";
import { EntryContent } from "./entry-content.ts";
import type { Archive, RawEntry } from "./archive.ts";
import { DistinctNames, entryPath, type EntryPath } from "./entry-path.ts";
import { filesByHeaders } from "./files-by-headers.ts";
import { HardLinks } from "./hard-links.ts";
import { APPLE_DOUBLE_MAGIC, isJunkName, mayBeAppleDouble } from "./junk.ts";
import { MemberDamage, memberFinding } from "./members/member-damage.ts";
import { refusedType, type Refusal } from "./refused-type.ts";

/** More entries than any bundle has; a list of them still fits in memory. */
const MAX_ENTRIES = 1_000_000;

/** One regular file that passed the entry rules. */
export interface Entry {
  readonly path: EntryPath;
  readonly size: number;
  readonly position: number;
  /** Hexadecimal digests, when the scan hashed; SHA-512 only where it was asked for. */
  readonly sha256: string | undefined;
  readonly sha512: string | undefined;
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

export interface KeepQuestion {
  readonly path: EntryPath;
  readonly size: number;
  /** Undefined for an empty file. */
  readonly firstByte: number | undefined;
}

export interface ScanOptions {
  /** Hash every file and apply every check of the carrier. */
  readonly hash: boolean;
  /**
   * Apply every check of the carrier to what is passed. What is jumped over, whoever reads it checks.
   * @default `hash`
   */
  readonly check?: boolean | undefined;
  /** Says which files need SHA-512 too. */
  readonly sha512?: ((path: EntryPath) => boolean) | undefined;
  /** Says for which files the content is kept in memory, by path, size and first byte. */
  readonly keep?: ((file: KeepQuestion) => boolean) | undefined;
  /** Stops the scan behind the entry for which it says so: for readers that only want the head. */
  readonly until?: ((entry: Entry) => Promise<boolean>) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

/**
 * Goes through an archive once and applies the entry rules: regular files with safe, distinct names
 * stay; carrier junk is left out; the rest becomes findings.
 */
export async function scan(archive: Archive, options: ScanOptions): Promise<Scan> {
  const state = new ScanState(archive, options);
  try {
    for await (const raw of archive.entries({ check: options.check ?? options.hash })) {
      options.signal?.throwIfAborted();
      const entry = await state.add(raw);
      if (entry !== undefined && (await options.until?.(entry)) === true) break;
    }
    return await state.finished();
  } catch (error) {
    if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
    return await state.stoppedBy(error);
  }
}

class ScanState {
  readonly #entries = new Map<string, Entry>();
  readonly #options: ScanOptions;
  readonly #names = new DistinctNames();
  readonly #stripped: string[] = [];
  readonly #findings: Finding[] = [];
  /** Content that other threads hash meanwhile. */
  readonly #hashing: Promise<void>[] = [];
  readonly #links = new HardLinks(this.#entries);
  readonly #archive: Archive;
  #count = 0;
  /** What is being read. */
  #current: EntryPath | undefined;

  constructor(archive: Archive, options: ScanOptions) {
    this.#archive = archive;
    this.#options = options;
    append(this.#findings, archive.notes);
  }

  /** All of it, when the last hash is there. */
  async finished(): Promise<Scan> {
    await all(this.#hashing);
    this.#links.settle();
    return this.#result(true);
  }

  /** What was seen until then; the finding says which entries that concerns. */
  async stoppedBy(error: DrayError): Promise<Scan> {
    if (error instanceof MemberDamage) {
      await this.#addUnread();
      this.#findings.push(memberFinding(error, this.#entries.values()));
    } else {
      this.#findings.push(findingOf(error, this.#current));
    }
    return this.#result(false);
  }

  /** What is damaged lies in an entry that was not come to, and who needs it stands in others. */
  async #addUnread(): Promise<void> {
    for await (const place of filesByHeaders(this.#archive)) {
      if (this.#entries.has(place.path) || this.#entries.size >= MAX_ENTRIES) continue;
      const unread = { bytes: undefined, sha256: undefined, sha512: undefined };
      this.#entries.set(place.path, { ...place, ...unread });
    }
  }

  #result(complete: boolean): Scan {
    const entries = this.#entries;
    return { entries, stripped: this.#stripped, findings: this.#findings, complete };
  }

  /** The entry that was taken in, if it was one to take in. */
  async add(raw: RawEntry): Promise<Entry | undefined> {
    if (++this.#count > MAX_ENTRIES) throw tooMany();
    // macOS ends the name of a folder's icon in a carriage return: junk, if its place is a good one.
    const checked = entryPath(raw.name.replace(/(^|\/)Icon\r$/, "$1Icon"));
    if ("problem" in checked) {
      this.#refuse("ENTRY_NAME_REFUSED", raw.name, checked);
    } else if (isJunkName(raw.name)) {
      this.#stripped.push(raw.name);
    } else if (raw.kind !== "directory") {
      return this.#file(raw, checked.path);
    } else {
      const problem = this.#names.addDirectory(checked.path);
      if (problem !== undefined) this.#refuse("ENTRY_DUPLICATE", checked.path, { problem });
    }
    return undefined;
  }

  #refuse(
    code: "ENTRY_NAME_REFUSED" | "ENTRY_TYPE_REFUSED" | "ENTRY_DUPLICATE",
    entry: string,
    { problem, hint }: Refusal,
  ): void {
    const message = `Entry ${JSON.stringify(entry.slice(0, 200))} is refused: ${problem}`;
    this.#findings.push({ severity: "error", code, message, entry, ...(hint && { hint }) });
  }

  async #file(raw: RawEntry, path: EntryPath): Promise<Entry | undefined> {
    const first = this.#links.firstNameOf(raw);
    if (first !== undefined && path !== "") {
      return this.#takeName(path) ? this.#links.add(path, first) : undefined;
    }
    if (raw.kind !== "file" || path === "") {
      this.#refuse("ENTRY_TYPE_REFUSED", path, refusedType(raw));
      return undefined;
    }
    const content = new EntryContent(raw, this.#options.onEvent);
    this.#current = path;
    try {
      const entry = await this.#read(raw, path, content);
      this.#current = undefined;
      return entry;
    } finally {
      await content.close();
    }
  }

  /** Takes the name of a file in; false, and said, where another has it. */
  #takeName(path: EntryPath): boolean {
    const problem = this.#names.addFile(path);
    if (problem !== undefined) this.#refuse("ENTRY_DUPLICATE", path, { problem });
    return problem === undefined;
  }

  async #read(raw: RawEntry, path: EntryPath, content: EntryContent): Promise<Entry | undefined> {
    if (mayBeAppleDouble(path) && (await content.startsWith(APPLE_DOUBLE_MAGIC))) {
      this.#stripped.push(path);
      return undefined;
    }
    if (!this.#takeName(path)) return undefined;
    const { size, position } = raw;
    const { keep } = this.#options;
    const kept = keep !== undefined && keep({ path, size, firstByte: await content.firstByte() });
    const bytes = kept ? await content.collect() : undefined;
    const entry = { path, size, position, bytes, sha256: undefined, sha512: undefined };
    this.#entries.set(path, entry);
    if (this.#options.hash) await this.#hash(entry, content);
    return entry;
  }

  /** Large content that nothing has touched yet goes to other threads where there are any. */
  async #hash(entry: Entry, content: EntryContent): Promise<void> {
    const { path, bytes } = entry;
    const algorithms = this.#options.sha512?.(path) === true ? ["sha256", "sha512"] : ["sha256"];
    const note = ([sha256, sha512]: readonly string[]): void => {
      this.#entries.set(path, { ...entry, sha256, sha512 });
    };
    const elsewhere = content.digestsElsewhere(this.#archive, algorithms)?.then(note);
    if (elsewhere === undefined) return note(await content.digests(algorithms, bytes));
    // If the scan fails first, nobody waits for this any more.
    elsewhere.catch(() => undefined);
    this.#hashing.push(elsewhere);
  }
}

function tooMany(): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_TOO_LARGE",
    `Cannot read the archive: expected at most ${MAX_ENTRIES} entries, found more`,
    { kind: "refused" },
  );
}
