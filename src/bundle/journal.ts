import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { createInterface } from "node:readline";
import { DrayError, systemCode } from "../errors.ts";
import { parseDigest, type Digest } from "../oci/digest.ts";

/**
 * What is written beside a bundle that is not whole: where each blob has its place, and how much of it
 * lies there. It is a hint and no more. Whoever uses what it names hashes that first, so neither a
 * journal nor a file that a disk or a person has changed can put a wrong byte into a bundle, and
 * nothing has to wait for the disk to write it. docs/bundle-format.md has its form.
 */
export interface Journal {
  /** Of the tar that the file will hold. */
  readonly tarSize: number;
  /** Bytes of each of the files that it is cut into; undefined for one file. */
  readonly partSize?: number | undefined;
  /** Who writes, as `ownerName` says it; undefined if that has ended in good order. */
  readonly owner: string | undefined;
  readonly blobs: ReadonlyMap<Digest, JournalBlob>;
}

export interface JournalBlob {
  readonly size: number;
  /** Where its content begins, in bytes of tar. */
  readonly offset: number;
  /** Bytes of it that are there, from its first on. */
  readonly present: number;
}

const FIRST_LINE = "dray partial 1";
const LINE = {
  tar: /^tar (\d{1,16})$/,
  parts: /^parts (\d{1,16})$/,
  owner: /^owner(?: ([\x20-\x7e]{1,400}))?$/,
  blob: /^blob (\S{71,135}) (\d{1,16}) (\d{1,16})$/,
  have: /^have (\S{71,135}) (\d{1,16})$/,
} as const;

/** A bundle has at most a million entries: a longer journal is not one. */
const MAX_LINES = 20_000_000;

/** Undefined for no journal. A line that cannot be read, such as the last of a run that was killed, says nothing. */
export async function readJournal(path: string): Promise<Journal | undefined> {
  const lines = createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Infinity });
  const reading = new Reading();
  try {
    let count = 0;
    for await (const line of lines) {
      if (count === 0 && line !== FIRST_LINE) return undefined;
      if (++count > MAX_LINES) return undefined;
      reading.add(line);
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
  return reading.journal;
}

class Reading {
  readonly #blobs = new Map<Digest, JournalBlob>();
  #owner: string | undefined;
  #tarSize = 0;
  #partSize: number | undefined;

  get journal(): Journal | undefined {
    const [tarSize, partSize] = [this.#tarSize, this.#partSize];
    return tarSize > 0 ? { tarSize, partSize, owner: this.#owner, blobs: this.#blobs } : undefined;
  }

  add(line: string): void {
    const tar = LINE.tar.exec(line);
    if (tar !== null) this.#tarSize = Number(tar[1]);
    const parts = LINE.parts.exec(line);
    if (parts !== null) this.#partSize = Number(parts[1]);
    const owner = LINE.owner.exec(line);
    if (owner !== null) this.#owner = owner[1];
    const [, name, size, offset] = LINE.blob.exec(line) ?? [];
    if (name !== undefined) this.#place(name, { size: Number(size), offset: Number(offset) });
    const [, had, bytes] = LINE.have.exec(line) ?? [];
    if (had !== undefined) this.#note(had, Number(bytes));
  }

  #place(name: string, { size, offset }: { size: number; offset: number }): void {
    const digest = digestIn(name);
    const fits = offset + size <= this.#tarSize;
    if (digest !== undefined && fits) this.#blobs.set(digest, { size, offset, present: 0 });
  }

  #note(name: string, present: number): void {
    const digest = digestIn(name);
    const blob = digest && this.#blobs.get(digest);
    if (digest === undefined || blob === undefined || present > blob.size) return;
    this.#blobs.set(digest, { ...blob, present });
  }
}

function digestIn(text: string): Digest | undefined {
  try {
    return parseDigest(text);
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

/** Where everything has its place. */
export type JournalPlaces = Omit<Journal, "owner">;

/** The lines that say where everything has its place. */
export function formatPlaces({ tarSize, partSize, blobs }: JournalPlaces): string {
  const lines = [...blobs].map(
    ([digest, { size, offset }]) => `blob ${digest} ${size} ${offset}\n`,
  );
  const parts = partSize === undefined ? "" : `parts ${partSize}\n`;
  return `${FIRST_LINE}\ntar ${tarSize}\n${parts}${lines.join("")}`;
}

/** Whether everything has the same place in both. */
export function isSamePlaces(one: Journal, other: JournalPlaces): boolean {
  return formatPlaces(one) === formatPlaces(other);
}

/** Who writes from here on: nobody, unless a name says who. */
export function formatOwner(name?: string): string {
  return name === undefined ? "owner\n" : `owner ${name}\n`;
}

/** Writes lines behind one another, those of one moment at once. */
export class JournalWriter {
  readonly #file: FileHandle;
  #waiting = "";
  #writing: Promise<void> | undefined;
  #failure: unknown;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  note(digest: Digest, bytes: number): void {
    this.add(`have ${digest} ${bytes}\n`);
  }

  add(lines: string): void {
    this.#waiting += lines;
    this.#writing ??= this.#write();
  }

  /** Waits until all of it is with the system. A journal that cannot be written costs only time. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file.close();
  }

  async #write(): Promise<void> {
    while (this.#waiting !== "" && this.#failure === undefined) {
      const lines = this.#waiting;
      this.#waiting = "";
      try {
        await this.#file.appendFile(lines);
      } catch (error) {
        this.#failure = error;
      }
    }
    this.#waiting = "";
    this.#writing = undefined;
  }
}
