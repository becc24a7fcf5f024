import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { FileSums } from "../archive/members/cut-hash.ts";
import { cuts } from "../archive/parts/cut.ts";
import { PartFolder } from "../archive/parts/part-folder.ts";
import { formatPartSums } from "../archive/parts/part-sums.ts";
import type { WrittenPart } from "../archive/parts/write-parts.ts";
import { mediumFailed, placeOnMedium } from "../content/medium.ts";
import { replaceFile } from "../content/replace-file.ts";
import { syncFolder } from "../content/sync-folder.ts";
import { DrayError, systemCode, systemReason } from "../errors.ts";
import { outputParts, type OutputPart } from "./further-files.ts";

/**
 * Whether a bundle of `size` bytes, or its parts of `split`, may be written at `path`.
 * @throws DrayError `DRAY_FILE_EXISTS`, `DRAY_USAGE`
 */
export async function requireFree(
  path: string,
  { size, split = Infinity, force = false }: FreeOptions,
): Promise<void> {
  await new BundleOutput(resolve(path), size, split).requireFree(force);
}

interface FreeOptions {
  readonly size: number;
  readonly split?: number | undefined;
  /** What is there may be replaced. @default false */
  readonly force?: boolean | undefined;
}

/** Where a bundle is written: one file or parts, and the list of their sums. */
export class BundleOutput {
  /** The whole, absolute, whether or not there is such a file. */
  readonly target: string;
  /** Bytes of the whole. */
  readonly size: number;
  readonly parts: readonly OutputPart[];
  readonly #folder: PartFolder;

  /** @throws DrayError `DRAY_USAGE` for more parts than have names */
  constructor(target: string, size: number, partSize: number) {
    const all = cuts(basename(target), size, partSize);
    this.target = target;
    this.size = size;
    this.parts = outputParts(target, all);
    this.#folder = new PartFolder(dirname(target), { path: target, pieces: [] }, all);
  }

  /** Where the list of the sums lies. */
  get sums(): string {
    return this.#folder.sums;
  }

  /** @throws DrayError `DRAY_FILE_EXISTS` for anything that has these names already */
  async requireFree(force: boolean): Promise<void> {
    if (force) return;
    if (this.parts.length === 1) await requireAbsent(this.target);
    const [there] = await this.#folder.there();
    if (there !== undefined) throw exists(there);
  }

  /** Parts of another size would pass for some of these, and an old list for theirs. */
  async makeWay(force: boolean): Promise<void> {
    await this.requireFree(force);
    await this.#folder.clear();
  }

  /** Writes the list of the sums of what is there. */
  async finish({ whole, parts: sums }: FileSums): Promise<readonly WrittenPart[]> {
    const written = this.parts.map(({ partial: _partial, ...part }, index) => {
      const sha256 = sums[index];
      if (sha256 === undefined) throw new Error("a front has a sum for each of the parts");
      return { ...part, sha256 };
    });
    const name = basename(this.target);
    const listed = new Map(written.map((part) => [part.name, part.sha256]));
    await replaceFile(this.#folder.sums, Buffer.from(formatPartSums(listed, { name, sum: whole })));
    await syncFolder(dirname(this.target));
    return written;
  }

  /** The error for what the medium cannot hold, or did not take; undefined for any other. */
  async failed(cause: unknown, keepPart: boolean): Promise<DrayError | undefined> {
    const action = `write ${JSON.stringify(this.target)}`;
    if (systemCode(cause) === "EFBIG") {
      return new DrayError(
        "DRAY_FILE_TOO_LARGE",
        `Cannot ${action}: the file system takes no file this large`,
        {
          cause,
          hint: "FAT32 ends at 4 GiB: `--split fat32` writes it in parts, or take another file system, such as exFAT.",
        },
      );
    }
    if (NO_GAPS.has(systemCode(cause) ?? "")) {
      const where = await placeOnMedium(dirname(this.target));
      return new DrayError(
        "DRAY_SYSTEM_REFUSED",
        `Cannot ${action}: ${systemReason(cause) ?? "the system does not permit it"}${where}`,
        {
          kind: "usage",
          cause,
          hint: "A bundle is written with gaps that are filled later, which not every file system takes: pack to a disk, and bring it there with `dray split` or by copying.",
        },
      );
    }
    const left = keepPart
      ? `the next run goes on with ${JSON.stringify(`${this.target}.partial`)}, unless you remove it.`
      : "nothing was left behind.";
    const hint = `Make room or choose another place with -o; ${left}`;
    return mediumFailed(cause, { action, directory: dirname(this.target), hint });
  }
}

/** What drivers say that make no file longer than what was written. */
const NO_GAPS: ReadonlySet<string> = new Set(["EPERM", "ENOSYS", "EOPNOTSUPP"]);

/** @throws DrayError `DRAY_FILE_EXISTS` for anything that has this name already */
async function requireAbsent(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  throw exists(path);
}

function exists(path: string): DrayError {
  return new DrayError(
    "DRAY_FILE_EXISTS",
    `Cannot write ${JSON.stringify(path)}: it exists already`,
    {
      kind: "usage",
      hint: "Choose another name with -o, or replace it with --force.",
    },
  );
}
