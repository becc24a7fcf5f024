import { readdir, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { requireSpace } from "../../content/disk-space.ts";
import { requireFileSize } from "../../content/medium.ts";
import { requirePlace } from "../../content/output-place.ts";
import { DrayError } from "../../errors.ts";
import { cuts, type Cut } from "./cut.ts";
import { familyOf, partOf } from "./part-name.ts";
import { PART_SUMS_ENDING, readPartSums } from "./part-sums.ts";
import type { SplitSource } from "./split-source.ts";

/** What may be written where. */
export interface Room {
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
  /** What is read. */
  readonly #own: ReadonlySet<string>;

  constructor(path: string, source: SplitSource, all: readonly Cut[]) {
    this.path = path;
    this.#whole = basename(source.path);
    this.#all = all;
    this.#own = new Set(source.pieces.map((piece) => resolve(piece.path)));
  }

  /** Of the list of the sums of all. */
  get sums(): string {
    return join(this.path, this.#whole + PART_SUMS_ENDING);
  }

  /**
   * Nothing begins that cannot end, and nothing that is there is lost.
   * @throws DrayError `DRAY_OUTPUT_REFUSED`, `DRAY_FILE_TOO_LARGE`, `DRAY_FILE_EXISTS`, `DRAY_DISK_FULL`
   */
  async requireRoom({ wanted, mayReplace }: Room): Promise<void> {
    await requirePlace(join(this.path, this.#whole), "parts");
    const largest = this.#all[0]?.size ?? 0;
    const what = `parts of ${JSON.stringify(this.#whole)}`;
    const hint = "Cut it smaller: `--size fat32`.";
    await requireFileSize(this.path, { bytes: largest, what, hint });
    if (wanted.length === 0) return;
    const there = await this.there();
    const isOwn = there.some((path) => this.#own.has(path));
    if (isOwn || (there.length > 0 && !mayReplace)) throw exists(this.path, there, isOwn);
    const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
    await requireSpace([{ path: this.path, bytes, purpose: "parts" }]);
  }

  /** What has the names of these parts or of the whole, in whatever size, or lies in the way of their list. */
  async there(): Promise<string[]> {
    return [...(await this.#bothForms()), ...(await this.#noList())];
  }

  /**
   * Parts of another size would pass for some of these, and an old list for theirs. What is in one piece
   * keeps its name until the new one takes it.
   */
  async clear(): Promise<void> {
    const kept = this.#all.length === 1 ? join(this.path, this.#whole) : undefined;
    for (const path of [this.sums, ...(await this.#bothForms())]) {
      if (path !== kept) await rm(path, { force: true });
    }
  }

  async #bothForms(): Promise<string[]> {
    return [...(await this.#parts()), ...(await this.#otherForm())];
  }

  /** Paths of parts of the same whole, of whatever size. */
  #parts(): Promise<string[]> {
    return this.#namedAs(this.#all[0]?.name ?? "");
  }

  /** The same in one piece where parts are written, or in parts: beside these a folder would have two. */
  async #otherForm(): Promise<string[]> {
    const [inParts] = cuts(this.#whole, 2, 1);
    const other = this.#all.length === 1 ? inParts?.name : this.#whole;
    return (await this.#namedAs(other ?? "")).filter((path) => !this.#own.has(path));
  }

  /** A list of sums is made anew with what it lists; of anything else nobody has said that it may be lost. */
  async #noList(): Promise<string[]> {
    if ((await this.#namedAs(basename(this.sums))).length === 0) return [];
    const listed = await readPartSums([this.path], this.#whole);
    return listed === undefined ? [this.sums] : [];
  }

  async #namedAs(name: string): Promise<string[]> {
    const wanted = kindOf(name);
    const names = (await readdir(this.path)).filter((one) => kindOf(one) === wanted);
    return names.toSorted().map((one) => join(this.path, one));
  }
}

/** The same for all parts of one whole; a file that is none is one of its own. */
function kindOf(name: string): string {
  const part = partOf(name);
  return part === undefined ? name : familyOf(part);
}

function exists(folder: string, there: readonly string[], isOwn: boolean): DrayError {
  const [first = ""] = there;
  const more = there.length > 1 ? `, and ${there.length - 1} more` : "";
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
