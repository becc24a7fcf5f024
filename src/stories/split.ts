import { basename, dirname, join, resolve } from "node:path";
import { cuts, type Cut } from "../archive/parts/cut.ts";
import { PartFolder } from "../archive/parts/part-folder.ts";
import { formatPartSums, readPartSums } from "../archive/parts/part-sums.ts";
import { sizeOf, withPieces } from "../archive/parts/several-files.ts";
import { findSplitSource, type SplitSource } from "../archive/parts/split-source.ts";
import { PartWriter, type CutSums } from "../archive/parts/write-parts.ts";
import { readBack, type ReadBackFrom } from "../content/check-written.ts";
import { mediumFailed } from "../content/medium.ts";
import { replaceFile } from "../content/replace-file.ts";
import { DrayError, unwritable } from "../errors.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";

export interface SplitOptions {
  /** A bundle in one file, or in parts of another size. */
  readonly path: string;
  /** Folders in which further parts of it lie. */
  readonly parts?: readonly string[] | undefined;
  /** Bytes of each part but the last. */
  readonly size: number;
  /** Numbers of the parts to write, from 1. @default all */
  readonly only?: readonly number[] | undefined;
  /** A folder that is there. @default that of the bundle */
  readonly directory?: string | undefined;
  /** Replace parts and list that are there, and remove parts of another size. @default false */
  readonly force?: boolean | undefined;
  /** Read each part back from its medium and compare. @default false */
  readonly checkWritten?: boolean | undefined;
  /** Say what would be written, once it is sure that there is room, and write nothing. @default false */
  readonly dryRun?: boolean | undefined;
}

/** A part that was written, or would be. */
export interface SplitPart extends Cut {
  readonly path: string;
  /** In hexadecimal; undefined after a dry run, which reads nothing. */
  readonly sha256?: string | undefined;
}

export interface SplitResult {
  /** Where the parts are, absolute. */
  readonly directory: string;
  /** Those that were written, or would be. */
  readonly parts: readonly SplitPart[];
  /** How many there are in all. */
  readonly count: number;
  /** The list of the sums of all parts and of the whole. */
  readonly sums: string;
  /** Where they were read back from, if they were. */
  readonly readBackFrom: ReadBackFrom | undefined;
  readonly dryRun: boolean;
}

/**
 * Cuts a bundle into parts that fit a medium, or writes some of the parts once more, with a list of the
 * sums of all. Nothing is changed in the bundle, and whatever goes wrong leaves nothing behind.
 *
 * @throws DrayError `DRAY_FILE_EXISTS`, `DRAY_FILE_TOO_LARGE`, `DRAY_DISK_FULL`, `DRAY_MEDIUM_FAILED`,
 * `DRAY_MEDIUM_ALTERED`, `DRAY_PARTS_MIXED`, `DRAY_PART_MISSING`, `DRAY_PART_ALONE`, `DRAY_ARCHIVE_TRUNCATED`
 */
export async function split(
  options: SplitOptions,
  runOptions: RunOptions = {},
): Promise<SplitResult> {
  const run = startRun(runOptions);
  const source = await findSplitSource(options.path, { ...run, parts: options.parts });
  const directory = resolve(options.directory ?? dirname(source.path));
  const name = basename(source.path);
  const total = sizeOf(source.pieces);
  const all = cuts(name, total, options.size);
  const work: Work = {
    name,
    all,
    folder: new PartFolder(directory, source, all),
    known: await knownSums([directory, dirname(source.path)], name),
  };
  const wanted = wantedCuts(work, options, source);
  const mayReplace = options.force === true || options.only !== undefined;
  await work.folder.requireRoom({ wanted, mayReplace });
  if (options.dryRun === true) return foreseen(work, wanted);
  return withPieces(source.pieces, async (range) => {
    const writer = new PartWriter(range, directory, run);
    try {
      run.onEvent({ type: "stage", stage: "split", bytes: sizeOf(wanted) });
      return await write(work, { wanted, writer, options, run });
    } catch (error) {
      await writer.discard();
      const action = `write the parts of ${JSON.stringify(name)} into ${JSON.stringify(directory)}`;
      const hint = "Nothing was left behind: make room, or take another medium.";
      const failed = await mediumFailed(error, { action, directory, hint });
      throw failed ?? unwritable(error, "parts into", directory) ?? error;
    }
  });
}

function foreseen({ all, folder }: Work, wanted: readonly Cut[]): SplitResult {
  const parts = wanted.map((cut) => ({ ...cut, path: join(folder.path, cut.name) }));
  const { path: directory, sums } = folder;
  return { directory, parts, count: all.length, sums, readBackFrom: undefined, dryRun: true };
}

interface Work {
  readonly name: string;
  readonly all: readonly Cut[];
  readonly folder: PartFolder;
  /** A list of all parts of these names that is there already. */
  readonly known: CutSums | undefined;
}

async function knownSums(folders: readonly string[], name: string): Promise<CutSums | undefined> {
  for (const folder of new Set(folders)) {
    const sums = await readPartSums([folder], name);
    const whole = sums?.of(name);
    if (sums === undefined || whole === undefined) continue;
    return { parts: new Map(sums.names.map((one) => [one, sums.of(one) ?? ""])), whole };
  }
  return undefined;
}

function wantedCuts(
  { all, name, folder }: Work,
  { only }: SplitOptions,
  source: SplitSource,
): readonly Cut[] {
  // What fits in one piece and lies there is there already.
  const isThere = resolve(source.path) === join(folder.path, all[0]?.name ?? "");
  if (only === undefined) return isThere ? [] : all;
  const beyond = only.find((number) => number < 1 || number > all.length);
  if (beyond === undefined) return all.filter(({ number }) => only.includes(number));
  throw new DrayError(
    "DRAY_USAGE",
    `Cannot write part ${beyond} of ${JSON.stringify(name)}: with this size there are ${all.length}`,
    { kind: "usage", hint: "Name the size that it was cut with before." },
  );
}

interface Writing {
  readonly wanted: readonly Cut[];
  readonly writer: PartWriter;
  readonly options: SplitOptions;
  readonly run: Run;
}

async function write(work: Work, { wanted, writer, options, run }: Writing): Promise<SplitResult> {
  const { name, folder, all, known } = work;
  const { only } = options;
  const listed = only !== undefined && listsAll(known, all) ? known : undefined;
  const numbers = new Set(wanted.map(({ number }) => number));
  const found = await writer.write(listed === undefined ? all : wanted, numbers);
  if (listed !== undefined) requireSame(name, found, listed);
  if (only === undefined && wanted.length > 0) await folder.clear();
  const parts = await writer.finish();
  const sums = listed ?? found;
  await replaceFile(
    folder.sums,
    Buffer.from(formatPartSums(sums.parts, { name, sum: sums.whole ?? "" })),
  );
  const readBackFrom = options.checkWritten === true ? await readBack(parts, run) : undefined;
  const { path: directory } = folder;
  const count = all.length;
  return { directory, parts, count, sums: folder.sums, readBackFrom, dryRun: false };
}

function listsAll(known: CutSums | undefined, all: readonly Cut[]): boolean {
  return known !== undefined && all.every(({ name }) => known.parts.has(name));
}

/** A part that is written once more has to be the one that is listed. */
function requireSame(name: string, found: CutSums, listed: CutSums): void {
  for (const [part, sum] of found.parts) {
    const wanted = listed.parts.get(part);
    if (sum === wanted) continue;
    throw new DrayError(
      "DRAY_PARTS_MIXED",
      `Cannot write ${JSON.stringify(part)} again: the list of ${JSON.stringify(name)} has sha256:${wanted ?? ""} for it, and cut now it is sha256:${sum}`,
      {
        kind: "refused",
        hint: "The size is another one than before, or the bundle is: split all of it anew.",
      },
    );
  }
}
