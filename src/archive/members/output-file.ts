import { readSync, writeSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { Readable, ReadRequest } from "../file-range.ts";

/** Where the bytes of one output lie: in one file, or in several of one size. A thread can be told. */
export interface Places {
  /** Open for reading and writing, in order. */
  readonly fds: readonly number[];
  /** Bytes of each file but the last; Infinity for one file. */
  readonly partSize: number;
}

/** In which of the files a byte lies, where there, and how many may follow it in the same file. */
function placeIn(
  { fds, partSize }: Places,
  position: number,
): { index: number; place: number; room: number } {
  if (partSize === Infinity) return { index: 0, place: position, room: Infinity };
  const index = Math.min(Math.floor(position / partSize), fds.length - 1);
  const place = position - index * partSize;
  return { index, place, room: index === fds.length - 1 ? Infinity : partSize - place };
}

/** So much is written before the disk is asked to take it: a little later it has nothing to do at the end. */
const SYNC_BYTES = 64 * 1024 * 1024;

/** A file that is written at any place, or several that are written as if they were one. */
export class OutputFile implements Pick<Readable, "read"> {
  readonly places: Places;
  readonly #files: readonly FileHandle[];
  /** What was written to since the disk was last asked, and how many bytes. */
  readonly #unsynced = new Set<FileHandle>();
  #unsyncedBytes = 0;
  #isSyncing = false;
  /** The disk has taken what it was asked to, on the way. */
  #synced = Promise.resolve();

  constructor(files: readonly FileHandle[], partSize: number = Infinity) {
    this.#files = files;
    this.places = { fds: files.map(({ fd }) => fd), partSize };
  }

  read({ buffer, offset, length, position }: ReadRequest): Promise<{ readonly bytesRead: number }> {
    const { index, place, room } = placeIn(this.places, position);
    return this.#file(index).read(buffer, offset, Math.min(length, room), place);
  }

  /** Writes all of it: a system may take less at a time, and a part may end before it. */
  async write(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { index, place, room } = placeIn(this.places, position + done);
      const count = Math.min(bytes.length - done, room);
      const file = this.#file(index);
      const { bytesWritten } = await file.write(bytes, done, count, place);
      done += bytesWritten;
      this.#unsynced.add(file);
      this.#unsyncedBytes += bytesWritten;
    }
    if (this.#unsyncedBytes >= SYNC_BYTES && !this.#isSyncing) this.#syncOnTheWay();
  }

  /** True while the disk takes what it was asked to: nothing can end that, and no file is closed before. */
  get isSyncing(): boolean {
    return this.#isSyncing;
  }

  /** Bytes of all of them. */
  async size(): Promise<number> {
    const stats = await Promise.all(this.#files.map((file) => file.stat()));
    return stats.reduce((sum, { size }) => sum + size, 0);
  }

  /** Waits until the disk has all of it. */
  async sync(): Promise<void> {
    await this.#synced;
    for (const file of this.#files) await file.sync();
  }

  async close(): Promise<void> {
    await this.#synced.catch(() => undefined);
    for (const file of this.#files) await file.close();
  }

  /** A disk's failure is told once, to whoever asks first: `sync` passes it on. */
  #syncOnTheWay(): void {
    const files = [...this.#unsynced];
    this.#unsynced.clear();
    this.#unsyncedBytes = 0;
    this.#isSyncing = true;
    this.#synced = this.#datasync(files);
    this.#synced.catch(() => undefined);
  }

  async #datasync(files: readonly FileHandle[]): Promise<void> {
    // After a failure nothing is asked again: it is what `sync` will say.
    for (const file of files) await file.datasync();
    this.#isSyncing = false;
  }

  #file(index: number): FileHandle {
    const file = this.#files[index];
    if (file === undefined) throw new Error("an output has a file for each of its places");
    return file;
  }
}

/** Reads up to `length` bytes, on whatever thread. */
export function readPlacesSync(
  places: Places,
  { buffer, offset, length, position }: ReadRequest,
): number {
  const { index, place, room } = placeIn(places, position);
  return readSync(fdOf(places, index), buffer, offset, Math.min(length, room), place);
}

/** Writes all of it, wherever the file ends, on whatever thread. */
export function writePlacesSync(places: Places, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) {
    const { index, place, room } = placeIn(places, position + done);
    const count = Math.min(bytes.length - done, room);
    done += writeSync(fdOf(places, index), bytes, done, count, place);
  }
}

/** The file and place for a few bytes; undefined where they lie in two files. */
export function onePlace(
  places: Places,
  position: number,
  length: number,
): { readonly fd: number; readonly place: number } | undefined {
  const { index, place, room } = placeIn(places, position);
  return length <= room ? { fd: fdOf(places, index), place } : undefined;
}

function fdOf({ fds }: Places, index: number): number {
  const fd = fds[index];
  if (fd === undefined) throw new Error("an output has a file for each of its places");
  return fd;
}
