import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Dirent, Stats } from "node:fs";
import { isJunkName } from "../archive/junk.ts";
import { isWithin, linkTarget } from "../content/links.ts";
import { DrayError, unreadable } from "../errors.ts";
import { isAppleDouble } from "./files.ts";
import type { IsOwnFile } from "./own-files.ts";
import type { FileRequest } from "./recipe/recipe.ts";

/** Documents, scripts and settings; what has more is better carried as one archive. */
const MAX_FOLDER_FILES = 10_000;

/** Links may lead to one directory many times. */
const MAX_FOLDER_ENTRIES = 2 * MAX_FOLDER_FILES;

/** Bundles go no deeper. */
const MAX_FOLDER_DEPTH = 30;

/** What of a folder travels, and what does not. */
export interface FolderFiles {
  /** By their paths below the folder, in order of their names. */
  readonly files: readonly FileRequest[];
  /** Below the folder: what systems add to folders on their own. */
  readonly junk: readonly string[];
  /** Below the folder: what this user may execute here. */
  readonly executables: readonly string[];
  /** Below the folder: what this run, or one like it, writes itself. */
  readonly own: readonly string[];
}

/**
 * Every regular file below a folder, with what links lead to as long as that lies in the folder too.
 * @throws DrayError `DRAY_FILE_REFUSED` for what a link leads to elsewhere, for devices and pipes, for a
 * folder that is empty, too full or too deep
 */
export async function readFolder(
  { path, as }: FileRequest,
  isOwn: IsOwnFile,
): Promise<FolderFiles> {
  if (/^\.{0,2}$/.test(as)) {
    throw refused(path, "it needs a name", "Give it one: `{ path: ., as: docs }`.");
  }
  const root = await readable(path, () => realpath(path));
  const reader = new FolderReader(path, root, isOwn);
  await reader.read(root, "", [root]);
  const { files, junk, executables, own } = reader;
  if (files.length === 0) throw refused(path, "there is no file in it");
  const requests = files.map(({ place, name }) => ({ path: place, as: `${as}/${name}` }));
  return { files: requests, junk, executables, own };
}

class FolderReader {
  readonly files: { readonly place: string; readonly name: string }[] = [];
  readonly junk: string[] = [];
  readonly executables: string[] = [];
  readonly own: string[] = [];
  readonly #folder: string;
  readonly #root: string;
  readonly #isOwn: IsOwnFile;
  #entries = 0;

  constructor(folder: string, root: string, isOwn: IsOwnFile) {
    this.#folder = folder;
    this.#root = root;
    this.#isOwn = isOwn;
  }

  /** `directory` is without links, `around` are those that it was reached through. */
  async read(directory: string, below: string, around: readonly string[]): Promise<void> {
    if (around.length > MAX_FOLDER_DEPTH) {
      throw this.#refused(`it has folders in one another, more than ${MAX_FOLDER_DEPTH} deep`);
    }
    const entries = await readable(directory, () => readdir(directory, { withFileTypes: true }));
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      if (++this.#entries > MAX_FOLDER_ENTRIES) throw this.#tooMany();
      if (isJunkName(entry.name)) this.junk.push(name);
      else await this.#take(entry, { name, place: join(directory, entry.name), around });
    }
  }

  async #take(entry: Dirent, { name, place, around }: Found): Promise<void> {
    const target = entry.isSymbolicLink() ? await this.#follow(place, name) : place;
    const found = await readable(target, () => stat(target));
    if (!found.isDirectory()) return this.#add(name, target, found);
    if (around.includes(target)) {
      throw this.#refused(`${JSON.stringify(name)} is a link to a folder that it lies in`);
    }
    return this.read(target, name, [...around, target]);
  }

  async #follow(place: string, name: string): Promise<string> {
    const shown = JSON.stringify(name);
    const target = await linkTarget(place);
    if (target === undefined) throw this.#refused(`${shown} is a link that leads nowhere`);
    if (isWithin(target, this.#root)) return target;
    throw this.#refused(`${shown} is a link out of it, to ${JSON.stringify(target)}`);
  }

  async #add(name: string, place: string, found: Stats): Promise<void> {
    if (!found.isFile()) {
      throw this.#refused(`${JSON.stringify(name)} is a device, pipe or socket`);
    }
    if (this.#isOwn(place)) {
      this.own.push(name);
      return;
    }
    if (await isAppleDouble(name, place)) {
      this.junk.push(name);
      return;
    }
    if (this.files.length >= MAX_FOLDER_FILES) throw this.#tooMany();
    if ((found.mode & 0o100) !== 0) this.executables.push(name);
    this.files.push({ place, name });
  }

  #tooMany(): DrayError {
    return this.#refused(
      `it has more than ${MAX_FOLDER_FILES} files`,
      "Pack it into one archive with tar, and name that.",
    );
  }

  #refused(reason: string, hint?: string): DrayError {
    return refused(this.#folder, reason, hint);
  }
}

/** An entry below the folder, and where that is. */
interface Found {
  readonly name: string;
  readonly place: string;
  readonly around: readonly string[];
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw unreadable(cause, "file", path) ?? cause;
  }
}

function refused(folder: string, reason: string, hint?: string): DrayError {
  const message = `Cannot pack folder ${JSON.stringify(folder)}: ${reason}`;
  return new DrayError("DRAY_FILE_REFUSED", message, { kind: "usage", hint });
}
