import { existsSync, type Dirent } from "node:fs";
import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory } from "../content/make-directory.ts";
import { requireFolder, requireOwnWay, requirePlace } from "../content/output-place.ts";
import { replaceFile } from "../content/replace-file.ts";
import { DrayError, systemCode, unreadable } from "../errors.ts";

/** Words that stand in every file that is written here. */
const MARKS = ["dray repoint", '"proofVersion"', '"mappingVersion"'] as const;

/** A directory for what is written; nothing but what an earlier run has written is replaced. */
export class OutputFolder {
  readonly #path: string | undefined;
  readonly #isDry: boolean;
  readonly #files = new Map<string, { readonly text: string; readonly mode: number }>();

  /** Without a path nothing is written, and in a dry run nothing either, but what is in the way is refused. */
  constructor(path: string | undefined, { dryRun = false }: { readonly dryRun?: boolean } = {}) {
    this.#path = path;
    this.#isDry = dryRun;
  }

  /**
   * Tries whether the directory can be made. It is there again when there are files to write: what
   * ends before leaves nothing behind.
   * @throws DrayError `DRAY_OUTPUT_REFUSED`, `DRAY_SYSTEM_REFUSED`
   */
  async prepare(): Promise<void> {
    if (this.#path === undefined) return;
    await requireFolder(this.#path);
    if (this.#isDry) return;
    const missing = missingFrom(this.#path);
    await makeDirectory(this.#path);
    for (const directory of missing) await removeEmpty(directory);
  }

  /**
   * Keeps a file for `writeAll`, in a folder of its own if `name` has one, and gives back its path.
   * @throws DrayError `DRAY_OUTPUT_REFUSED` for a second file of one name
   */
  add(name: string, text: string, { isSecret = false } = {}): string {
    const path = join(this.#path ?? "", name);
    if (this.#files.has(path)) {
      throw new DrayError(
        "DRAY_OUTPUT_REFUSED",
        `Cannot write file ${JSON.stringify(path)}: expected one thing to go there, found two of that name`,
        { kind: "usage", hint: "Repoint one chart at a time with --chart." },
      );
    }
    this.#files.set(path, { text, mode: isSecret ? 0o600 : 0o666 });
    return path;
  }

  /** Writes every file, or none where something else is in the way of one. */
  async writeAll(): Promise<void> {
    if (this.#path === undefined) return;
    for (const path of this.#files.keys()) {
      await requireOwnWay(path, "file");
      if (this.#isDry) await requireFolder(dirname(path));
      else await makeDirectory(dirname(path));
      await this.#requireFree(path);
    }
    if (this.#isDry) return;
    for (const [path, { text, mode }] of this.#files) {
      await replaceFile(path, Buffer.from(text), mode);
    }
  }

  /**
   * Removes what an earlier run has written below `folder` and this one has not, and gives back the
   * paths. To be called behind `writeAll`.
   */
  async removeStale(folder: string): Promise<string[]> {
    if (this.#path === undefined) return [];
    const top = join(this.#path, folder);
    const stale: string[] = [];
    for (const entry of await filesBelow(top)) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || this.#files.has(path)) continue;
      const text = await readText(path);
      if (text?.startsWith(STALE_MARK) !== true) continue;
      await requireOwnWay(path, "file");
      if (!this.#isDry) await rm(path);
      stale.push(path);
    }
    return stale.toSorted();
  }

  async #requireFree(path: string): Promise<void> {
    // In a dry run its folder may not be made yet.
    if (this.#isDry && !existsSync(dirname(path))) return;
    await requirePlace(path, "file");
    const found = await readText(path);
    if (found === undefined || MARKS.some((mark) => found.includes(mark))) return;
    throw new DrayError(
      "DRAY_OUTPUT_REFUSED",
      `Cannot write file ${JSON.stringify(path)}: expected nothing there or what an earlier run has written, found something else`,
      { kind: "usage", hint: "Name another directory: nothing else is replaced." },
    );
  }
}

/** A directory that is not there, and those above it that are not, from the inside out. */
function missingFrom(path: string): string[] {
  return existsSync(path) ? [] : [path, ...missingFrom(dirname(path))];
}

/** Somebody else may have put something into it, or have removed it. */
async function removeEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(systemCode(error) ?? "")) throw error;
  }
}

/** What stands at the beginning of every file below `nodes/`. */
const STALE_MARK = "# Written by dray repoint.";

async function filesBelow(top: string): Promise<Dirent[]> {
  try {
    return await readdir(top, { withFileTypes: true, recursive: true });
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw unreadable(error, "directory", top) ?? error;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw unreadable(error, "file", path) ?? error;
  }
}
