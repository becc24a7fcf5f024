import { readdir, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { requireSpace } from "../../content/disk-space.ts";
import { requireFileSize } from "../../content/medium.ts";
import { requirePlace } from "../../content/output-place.ts";
import { DrayError } from "../../errors.ts";
import type { FilePiece } from "../file-range.ts";
import type { Cut } from "./cut.ts";
import { familyOf, partOf } from "./part-name.ts";
import { PART_SUMS_ENDING } from "./part-sums.ts";

/** What may be written where. */
export interface Room {
  /** What the parts are cut from. */
  readonly source: readonly FilePiece[];
  /** Those that are to be written. */
  readonly wanted: readonly Cut[];
  /** Parts that are there may be replaced, all of them or the very ones that are wanted. */
  readonly mayReplace: boolean;
}

/** A folder that gets the parts of one whole. */
export class PartFolder {
  readonly path: string;
  readonly #whole: string;
  readonly #all: readonly Cut[];

  constructor(path: string, whole: string, all: readonly Cut[]) {
    this.path = path;
    this.#whole = whole;
    this.#all = all;
  }

  /** Of the list of the sums of all. */
  get sums(): string {
    return join(this.path, this.#whole + PART_SUMS_ENDING);
  }

  /**
   * Nothing begins that cannot end, and nothing that is there is lost.
   * @throws DrayError `DRAY_OUTPUT_REFUSED`, `DRAY_FILE_TOO_LARGE`, `DRAY_FILE_EXISTS`, `DRAY_DISK_FULL`
   */
  async requireRoom({ source, wanted, mayReplace }: Room): Promise<void> {
    await requirePlace(join(this.path, this.#whole), "parts");
    const largest = this.#all[0]?.size ?? 0;
    const what = `parts of ${JSON.stringify(this.#whole)}`;
    const hint = "Cut it smaller: `--size fat32`.";
    await requireFileSize(this.path, { bytes: largest, what, hint });
    if (wanted.length === 0) return;
    const there = await this.#parts();
    const own = source.map(({ path }) => resolve(path));
    const isOwn = there.some((path) => own.includes(path));
    if (isOwn || (there.length > 0 && !mayReplace)) throw exists(this.path, there, isOwn);
    const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
    await requireSpace([{ path: this.path, bytes, purpose: "parts" }]);
  }

  /** Parts of another size would pass for some of these, and an old list for theirs. */
  async clear(): Promise<void> {
    for (const path of [this.sums, ...(await this.#parts())]) await rm(path, { force: true });
  }

  /** Paths of parts of the same whole, of whatever size. */
  async #parts(): Promise<string[]> {
    const wanted = kindOf(this.#all[0]?.name ?? "");
    const names = (await readdir(this.path)).filter((name) => kindOf(name) === wanted);
    return names.toSorted().map((name) => join(this.path, name));
  }
}

/** The same for all parts of one whole; a file that is none is one of its own. */
function kindOf(name: string): string {
  const part = partOf(name);
  return part === undefined ? name : familyOf(part);
}

function exists(folder: string, there: readonly string[], isOwn: boolean): DrayError {
  const [first = ""] = there;
  const more = there.length > 1 ? `, and ${there.length - 1} more parts` : "";
  return new DrayError(
    "DRAY_FILE_EXISTS",
    `Cannot split into ${JSON.stringify(folder)}: ${JSON.stringify(basename(first))} is there${more}`,
    {
      kind: "usage",
      hint: isOwn
        ? "It is what would be read: name another folder with -o."
        : "Name another folder with -o, replace them with --force, or write one again with --part.",
    },
  );
}
