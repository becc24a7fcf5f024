import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { append } from "../content/append.ts";
import { framedSize } from "../archive/members/gzip-members.ts";
import { OutputFile } from "../archive/members/output-file.ts";
import { layOutTar, type TarLayout } from "../archive/tar/tar-writer.ts";
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
  type EarlierPart,
} from "./earlier-part.ts";
import { openFurther, removeFurther, type OutputPart } from "./further-files.ts";
import {
  formatPlaces,
  isSamePlaces,
  JournalWriter,
  type JournalBlob,
  type JournalPlaces,
} from "./journal.ts";

/** The name under which the first file grows goes for all of them. */
export function firstOf([first]: readonly OutputPart[]): string {
  if (first === undefined) throw new Error("a bundle has at least one file");
  return first.partial;
}

/** Bytes of the bundle as a file. */
export function sizeOfBundle(entries: readonly BundleEntry[]): number {
  return framedSize(layOutTar(entries).size);
}

/**
 * Bytes of a bundle that is to be written, in parts of `partSize` or in one file, that lie in their places
 * already: no room is needed for them.
 */
export async function bytesInPlace(
  output: string,
  entries: readonly BundleEntry[],
  partSize?: number,
): Promise<number> {
  const journal = await ownJournal(`${resolve(output)}.partial`);
  if (journal === undefined) return 0;
  if (!isSamePlaces(journal, placesOf(entries, layOutTar(entries), partSize))) return 0;
  return [...journal.blobs.values()].reduce((sum, { present }) => sum + present, 0);
}

/** The files that a bundle grows in, open, and what earlier runs have left of it. */
export interface OpenedParts {
  /** The first of the files, by which the run knows its own. */
  readonly first: FileHandle;
  readonly file: OutputFile;
  readonly layout: TarLayout;
  readonly journal: JournalWriter;
  readonly claims: ReadonlyMap<Digest, JournalBlob>;
  readonly aside: EarlierPart | undefined;
}

export async function openParts(
  parts: readonly OutputPart[],
  entries: readonly BundleEntry[],
): Promise<OpenedParts> {
  const path = firstOf(parts);
  const layout = layOutTar(entries);
  const places = placesOf(entries, layout, partSizeOf(parts));
  const earlier = await openEarlier(path);
  const goesOn = earlier !== undefined && isSamePlaces(earlier.journal, places);
  if (!goesOn) await makeWay(path, earlier);
  const first = goesOn ? earlier.file : await create(path, constants.O_RDWR);
  const opened: { close(): Promise<void> }[] = [first];
  try {
    if (goesOn) await cutTo(first, parts);
    const further = await openFurther(parts);
    append(opened, further);
    const file = new OutputFile([first, ...further], partSizeOf(parts));
    const claims = goesOn ? earlier.journal.blobs : new Map<Digest, JournalBlob>();
    const journal = goesOn ? await goOnJournal(path) : await newJournal(path, places);
    opened.push(journal);
    return { first, file, layout, journal, claims, aside: await openEarlier(setAside(path)) };
  } catch (error) {
    for (const one of opened) await one.close();
    if (!goesOn) await removePart(path);
    throw error;
  }
}

/** Bytes of each part but the last; undefined for one file. */
function partSizeOf([first, ...others]: readonly OutputPart[]): number | undefined {
  return others.length === 0 ? undefined : first?.size;
}

/** What needs other places is set aside to be read; what was cut is begun anew. */
async function makeWay(path: string, earlier: EarlierPart | undefined): Promise<void> {
  await earlier?.file.close();
  if (earlier === undefined || earlier.journal.partSize !== undefined) await removePart(path);
  else await renamePart(path, setAside(path));
  await removeFurther(path.replace(/\.partial$/, ""));
}

/** What is there too much would stay behind the end. */
async function cutTo(file: FileHandle, [first]: readonly OutputPart[]): Promise<void> {
  const { size } = await file.stat();
  if (first !== undefined && size > first.size) await file.truncate(first.size);
}

async function goOnJournal(path: string): Promise<JournalWriter> {
  return new JournalWriter(await open(journalOf(path), JOURNAL_FLAGS));
}

async function newJournal(path: string, places: JournalPlaces): Promise<JournalWriter> {
  const journal = new JournalWriter(await create(journalOf(path), JOURNAL_FLAGS));
  journal.add(formatPlaces(places) + (await ownerLine()));
  await journal.flush();
  return journal;
}

/** Where the blobs of a bundle have their places. */
function placesOf(
  entries: readonly BundleEntry[],
  { offsets, size }: TarLayout,
  partSize: number | undefined,
): JournalPlaces {
  const blobs = new Map<Digest, JournalBlob>();
  for (const [index, { name, content }] of entries.entries()) {
    if (Buffer.isBuffer(content)) continue;
    const { digest } = content.descriptor;
    if (name !== blobPath(digest)) continue;
    blobs.set(digest, { size: content.descriptor.size, offset: offsets[index] ?? 0, present: 0 });
  }
  return { tarSize: size, partSize, blobs };
}

const JOURNAL_FLAGS = constants.O_WRONLY | constants.O_APPEND | NO_FOLLOW;

function create(path: string, flags: number): Promise<FileHandle> {
  return open(path, flags | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW);
}
