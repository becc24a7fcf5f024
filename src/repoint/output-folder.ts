import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory } from "../content/make-directory.ts";
import { requireOwnWay, requirePlace } from "../content/output-place.ts";
import { replaceFile } from "../content/replace-file.ts";
import { DrayError, systemCode, unreadable } from "../errors.ts";

/** Words that stand in every file that is written here. */
const MARKS = ["dray repoint", '"proofVersion"', '"mappingVersion"'] as const;

/** A directory for what is written; nothing but what an earlier run has written is replaced. */
export class OutputFolder {
  readonly #path: string | undefined;
  readonly #files = new Map<string, { readonly text: string; readonly mode: number }>();

  /** Without a path nothing is written. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /**
   * Makes the directory if it is not there.
   * @throws DrayError `DRAY_OUTPUT_REFUSED`, `DRAY_SYSTEM_REFUSED`
   */
  async prepare(): Promise<void> {
    if (this.#path === undefined) return;
    await requireOwnWay(this.#path, "directory");
    await makeDirectory(this.#path);
  }

  /** Keeps a file for `writeAll`, in a folder of its own if `name` has one, and gives back its path. */
  add(name: string, text: string, { isSecret = false } = {}): string {
    const path = join(this.#path ?? "", name);
    this.#files.set(path, { text, mode: isSecret ? 0o600 : 0o666 });
    return path;
  }

  /** Writes every file, or none where something else is in the way of one. */
  async writeAll(): Promise<void> {
    if (this.#path === undefined) return;
    for (const path of this.#files.keys()) {
      await requireOwnWay(path, "file");
      await makeDirectory(dirname(path));
      await this.#requireFree(path);
    }
    for (const [path, { text, mode }] of this.#files) {
      await replaceFile(path, Buffer.from(text), mode);
    }
  }

  async #requireFree(path: string): Promise<void> {
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

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw unreadable(error, "file", path) ?? error;
  }
}
