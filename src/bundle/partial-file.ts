import { constants } from "node:fs";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { framedSize } from "../archive/members/gzip-members.ts";
import { layOutTar, type TarLayout } from "../archive/tar/tar-writer.ts";
import { syncFolder } from "../content/sync-folder.ts";
import { DrayError, systemCode } from "../errors.ts";
import { blobPath } from "../oci/image-layout.ts";
import type { Digest } from "../oci/digest.ts";
import type { BundleEntry } from "./contents.ts";
import {
  journalOf,
  NO_FOLLOW,
  openEarlier,
  ownJournal,
  ownerLine,
  removePart,
  renamePart,
  setAside,
  use,
  type EarlierPart,
} from "./earlier-part.ts";
import {
  formatOwner,
  formatPlaces,
  isSamePlaces,
  JournalWriter,
  type Journal,
  type JournalBlob,
} from "./journal.ts";

/** A run that is cut short leaves what it has fetched only if that is more than this. */
const MIN_KEPT = 64 * 1024;

/**
 * A bundle while it is written: `PATH.partial`, every byte of it at its final place, and its journal.
 * What an earlier run has left under this name is gone on with where everything has the same place,
 * else it is set aside and read.
 */
export class PartialFile {
  readonly path: string;
  readonly file: FileHandle;
  readonly layout: TarLayout;
  readonly journal: JournalWriter;
  /** What lies in its place already, as far as an earlier run says. */
  readonly claims: ReadonlyMap<Digest, JournalBlob>;
  /** What lies elsewhere, as far as an earlier run says. */
  readonly aside: EarlierPart | undefined;
  readonly #release: () => void;

  private constructor(path: string, opened: Opened, release: () => void) {
    this.path = path;
    this.file = opened.file;
    this.layout = opened.layout;
    this.journal = opened.journal;
    this.claims = opened.claims;
    this.aside = opened.aside;
    this.#release = release;
  }

  static async open(path: string, entries: readonly BundleEntry[]): Promise<PartialFile> {
    const release = use(path);
    try {
      return new PartialFile(path, await openParts(path, entries), release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Gives the bundle its name. Bytes and name are on the disk when the journal goes. */
  async finish(target: string): Promise<void> {
    await this.file.sync();
    await this.#requireOwn();
    await rename(this.path, target);
    await syncFolder(dirname(target));
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
    if (await this.#isNamed()) await removePart(this.path);
  }

  async close(): Promise<void> {
    this.#release();
    await this.journal.close();
    await this.aside?.file.close();
    await this.file.close();
  }

  /** Two runs with one output name would otherwise give one of them the other's file. */
  async #requireOwn(): Promise<void> {
    const { size } = await this.file.stat();
    if (size === framedSize(this.layout.size) && (await this.#isNamed())) return;
    throw new DrayError(
      "DRAY_FILE_CHANGED",
      `Cannot finish ${JSON.stringify(this.path)}: another run writes to the same name`,
    );
  }

  async #isNamed(): Promise<boolean> {
    try {
      const [own, named] = await Promise.all([this.file.stat(), stat(this.path)]);
      return own.ino === named.ino && own.dev === named.dev;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return false;
      throw error;
    }
  }
}

/** Bytes of a bundle that is to be written that lie in their places already: no room is needed for them. */
export async function bytesInPlace(
  output: string,
  entries: readonly BundleEntry[],
): Promise<number> {
  const journal = await ownJournal(`${resolve(output)}.partial`);
  if (journal === undefined) return 0;
  if (!isSamePlaces(journal, placesOf(entries, layOutTar(entries)))) return 0;
  return [...journal.blobs.values()].reduce((sum, { present }) => sum + present, 0);
}

interface Opened {
  readonly file: FileHandle;
  readonly layout: TarLayout;
  readonly journal: JournalWriter;
  readonly claims: ReadonlyMap<Digest, JournalBlob>;
  readonly aside: EarlierPart | undefined;
}

async function openParts(path: string, entries: readonly BundleEntry[]): Promise<Opened> {
  const layout = layOutTar(entries);
  const places = placesOf(entries, layout);
  const earlier = await openEarlier(path);
  if (earlier !== undefined && isSamePlaces(earlier.journal, places)) {
    return { ...(await goOn(path, earlier, layout)), aside: await openEarlier(setAside(path)) };
  }
  await earlier?.file.close();
  if (earlier === undefined) await removePart(path);
  else await renamePart(path, setAside(path));
  const file = await create(path, constants.O_RDWR);
  try {
    const journal = new JournalWriter(await create(journalOf(path), JOURNAL_FLAGS));
    journal.add(formatPlaces(places) + (await ownerLine()));
    await journal.flush();
    const aside = await openEarlier(setAside(path));
    return { file, layout, journal, claims: new Map(), aside };
  } catch (error) {
    await file.close();
    await removePart(path);
    throw error;
  }
}

async function goOn(
  path: string,
  { file, journal }: EarlierPart,
  layout: TarLayout,
): Promise<Omit<Opened, "aside">> {
  const { size } = await file.stat();
  // What is there too much would stay behind the end.
  if (size > framedSize(layout.size)) await file.truncate(framedSize(layout.size));
  const writer = new JournalWriter(await open(journalOf(path), JOURNAL_FLAGS));
  return { file, layout, journal: writer, claims: journal.blobs };
}

/** Where the blobs of a bundle have their places. */
function placesOf(
  entries: readonly BundleEntry[],
  { offsets, size }: TarLayout,
): Pick<Journal, "tarSize" | "blobs"> {
  const blobs = new Map<Digest, JournalBlob>();
  for (const [index, { name, content }] of entries.entries()) {
    if (Buffer.isBuffer(content)) continue;
    const { digest } = content.descriptor;
    if (name !== blobPath(digest)) continue;
    blobs.set(digest, { size: content.descriptor.size, offset: offsets[index] ?? 0, present: 0 });
  }
  return { tarSize: size, blobs };
}

const JOURNAL_FLAGS = constants.O_WRONLY | constants.O_APPEND | NO_FOLLOW;

function create(path: string, flags: number): Promise<FileHandle> {
  return open(path, flags | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW);
}
