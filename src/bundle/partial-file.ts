import { rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { framedSize } from "../archive/members/gzip-members.ts";
import type { OutputFile } from "../archive/members/output-file.ts";
import type { TarLayout } from "../archive/tar/tar-writer.ts";
import { syncFolder } from "../content/sync-folder.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { BundleEntry } from "./contents.ts";
import { journalOf, removePart, setAside, use, type EarlierPart } from "./earlier-part.ts";
import type { OutputPart } from "./further-files.ts";
import { formatOwner, type JournalBlob, type JournalWriter } from "./journal.ts";
import { firstOf, openParts, type OpenedParts } from "./open-partial.ts";

/** A run that is cut short leaves what it has fetched only if that is more than this. */
const MIN_KEPT = 64 * 1024;

/**
 * A bundle while it is written: `PATH.partial`, every byte of it at its final place, and its journal.
 * What an earlier run has left under this name is gone on with where everything has the same place,
 * else it is set aside and read.
 */
export class PartialFile {
  readonly path: string;
  readonly file: OutputFile;
  readonly layout: TarLayout;
  readonly journal: JournalWriter;
  /** What lies in its place already, as far as an earlier run says. */
  readonly claims: ReadonlyMap<Digest, JournalBlob>;
  /** What lies elsewhere, as far as an earlier run says. */
  readonly aside: EarlierPart | undefined;
  readonly #first: FileHandle;
  readonly #parts: readonly OutputPart[];
  readonly #release: () => void;

  private constructor(parts: readonly OutputPart[], opened: OpenedParts, release: () => void) {
    this.path = firstOf(parts);
    this.#parts = parts;
    this.#first = opened.first;
    this.file = opened.file;
    this.layout = opened.layout;
    this.journal = opened.journal;
    this.claims = opened.claims;
    this.aside = opened.aside;
    this.#release = release;
  }

  /** Opens the files that `entries` grow in: one, or parts of one size. */
  static async open(
    parts: readonly OutputPart[],
    entries: readonly BundleEntry[],
  ): Promise<PartialFile> {
    const release = use(firstOf(parts));
    try {
      return new PartialFile(parts, await openParts(parts, entries), release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Gives the bundle its name, once `makeWay` has removed what it replaces: not before all of it is on
   * the disk. Bytes and name are there when the journal goes.
   */
  async finish(makeWay: () => Promise<void>): Promise<void> {
    await this.file.sync();
    await this.#requireOwn();
    await makeWay();
    for (const { partial, path } of this.#parts) await rename(partial, path);
    await syncFolder(dirname(this.path));
    await this.journal.flush();
    await rm(journalOf(this.path), { force: true });
    await removePart(setAside(this.path));
  }

  /**
   * Leaves the file to the next run where it has more than that run would have to fetch: `arrived` now.
   * Gives the bytes that are kept, undefined if nothing is.
   */
  async leave(arrived: number): Promise<number | undefined> {
    // What another run has put there is its own to finish or to remove.
    if (!(await this.#isNamed())) return undefined;
    const claimed = [...this.claims.values()].reduce((sum, { present }) => sum + present, 0);
    if (arrived + claimed < MIN_KEPT) {
      await this.remove();
      return undefined;
    }
    this.journal.add(formatOwner());
    await this.journal.flush();
    return arrived + claimed;
  }

  /** Leaves nothing, unless it is another run's by now. */
  async remove(): Promise<void> {
    if (!(await this.#isNamed())) return;
    await removePart(this.path);
    for (const { partial } of this.#parts.slice(1)) await rm(partial, { force: true });
  }

  async close(): Promise<void> {
    this.#release();
    await this.journal.close();
    await this.aside?.file.close();
    await this.file.close();
  }

  /** Two runs with one output name would otherwise give one of them the other's file. */
  async #requireOwn(): Promise<void> {
    if ((await this.file.size()) === framedSize(this.layout.size) && (await this.#isNamed()))
      return;
    throw new DrayError(
      "DRAY_FILE_CHANGED",
      `Cannot finish ${JSON.stringify(this.path)}: another run writes to the same name`,
    );
  }

  async #isNamed(): Promise<boolean> {
    try {
      const [own, named] = await Promise.all([this.#first.stat(), stat(this.path)]);
      return own.ino === named.ino && own.dev === named.dev;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return false;
      throw error;
    }
  }
}
