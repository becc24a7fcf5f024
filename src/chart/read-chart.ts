import { readFile, stat } from "node:fs/promises";
import type { RawEntry } from "../archive/archive.ts";
import { openDirectory } from "../archive/directory.ts";
import { entryPath } from "../archive/entry-path.ts";
import { collect } from "../content/content.ts";
import { DrayError, systemCode } from "../errors.ts";
import { MAX_CHART_BYTES, MAX_CHART_FILES, readChartArchive } from "./chart-archive.ts";
import { MAX_CHART_FILE_BYTES } from "./chart-yaml.ts";
import { parseHelmIgnore, type Ignores } from "./path-patterns.ts";

/** A chart on disk. */
export interface LocalChart {
  /** By their path below the chart's own directory. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** The file as it is; undefined for a directory. */
  readonly tgz: Buffer | undefined;
}

/**
 * Reads a packed chart, or one that is a directory. `hint` says what else could be meant by a path at
 * which there is nothing.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_CHART_INVALID`
 */
export async function readChart(path: string, hint?: string): Promise<LocalChart> {
  const size = await sizeOfFile(path, hint);
  if (size === undefined) return { files: await readDirectory(path), tgz: undefined };
  const what = JSON.stringify(path);
  if (size > MAX_CHART_BYTES) {
    throw invalid(what, `expected at most ${MAX_CHART_BYTES} bytes, found ${size}`);
  }
  const tgz = await readFile(path);
  const { files } = await readChartArchive(tgz, what);
  return { files, tgz };
}

/** Undefined for a directory. */
async function sizeOfFile(path: string, hint: string | undefined): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? undefined : found.size;
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT" && systemCode(cause) !== "ENOTDIR") throw cause;
    throw new DrayError(
      "DRAY_FILE_NOT_FOUND",
      `Cannot read chart ${JSON.stringify(path)}: no such file or directory`,
      { kind: "usage", cause, hint },
    );
  }
}

/** Leaves out what `.helmignore` names. Links are refused: they may lead anywhere. */
async function readDirectory(root: string): Promise<ReadonlyMap<string, Buffer>> {
  const what = JSON.stringify(root);
  const ignores = await readIgnores(root);
  const files = new Map<string, Buffer>();
  let total = 0;
  for await (const entry of openDirectory(root).entries({ check: false })) {
    if (ignores(entry.name, entry.kind === "directory") || entry.kind === "directory") continue;
    const path = checkedPath(entry, what);
    total += entry.size;
    if (entry.size > MAX_CHART_FILE_BYTES) throw invalid(what, `${path} has ${entry.size} bytes`);
    if (total > MAX_CHART_BYTES) throw invalid(what, `it has more than ${MAX_CHART_BYTES} bytes`);
    if (files.size >= MAX_CHART_FILES)
      throw invalid(what, `it has more than ${MAX_CHART_FILES} files`);
    files.set(path, await collect(entry.content()));
  }
  return files;
}

async function readIgnores(root: string): Promise<Ignores> {
  for await (const entry of openDirectory(root).entries({ check: false })) {
    if (entry.name !== ".helmignore" || entry.kind !== "file") continue;
    if (entry.size > MAX_CHART_FILE_BYTES) break;
    return parseHelmIgnore((await collect(entry.content())).toString("utf8"));
  }
  return parseHelmIgnore("");
}

function checkedPath(entry: RawEntry, what: string): string {
  const checked = entryPath(entry.name);
  const shown = JSON.stringify(entry.name.slice(0, 200));
  if ("problem" in checked) throw invalid(what, `it has a file ${shown}: ${checked.problem}`);
  if (entry.kind !== "file") throw invalid(what, `${shown} is a ${entry.type}`);
  return checked.path;
}

function invalid(what: string, reason: string): DrayError {
  return new DrayError("DRAY_CHART_INVALID", `Cannot read chart ${what}: ${reason}`, {
    kind: "refused",
  });
}
