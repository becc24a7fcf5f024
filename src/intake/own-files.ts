import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { partOf } from "../archive/parts/part-name.ts";
import { PART_SUMS_ENDING } from "../archive/parts/part-sums.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { FileRequest } from "./recipe/recipe.ts";

/** Tells what a run writes itself from what it packs: a second run would find it in its folders. */
export type IsOwnFile = (path: string) => boolean;

/** Behind the name of what is not finished: a bundle, its journal, what was set aside or taken of it, a small file. */
const UNFINISHED = /(?:\.partial(?:\.(?:journal|old|copy|[a-f0-9]{12}))*|\.[a-f0-9]{12})$/;

/**
 * True of these bundles, in one piece or in parts, of the lists of their sums, and of these other files,
 * all of them whole or not yet. What is asked for has to be without links.
 */
export async function ownFiles(
  bundles: readonly string[],
  others: readonly string[],
): Promise<IsOwnFile> {
  const wholes = new Set(await Promise.all(bundles.map(placeOf)));
  const files = new Set(await Promise.all(others.map(placeOf)));
  return (path) => {
    const finished = path.replace(UNFINISHED, "");
    const listed = finished.endsWith(PART_SUMS_ENDING)
      ? finished.slice(0, -PART_SUMS_ENDING.length)
      : finished;
    return files.has(finished) || wholes.has(partOf(finished)?.whole ?? listed);
  };
}

/**
 * Refuses a bundle among what it packs: one that is called after its chart is known by its name too late to
 * be left out, and would grow with every run.
 * @throws DrayError `DRAY_RECIPE_INVALID`
 */
export async function requireNotPacked(
  output: string,
  files: readonly FileRequest[],
): Promise<void> {
  const isOutput = await ownFiles([output], []);
  for (const { path } of files) {
    if (!isOutput(await placeOf(path))) continue;
    throw new DrayError(
      "DRAY_RECIPE_INVALID",
      `Cannot pack ${JSON.stringify(path)} into ${JSON.stringify(output)}: it is what this run writes`,
      {
        kind: "usage",
        hint: "Write the bundle to another folder with -o, or give it a name and a version in the recipe: then it is left out.",
      },
    );
  }
}

/** Where a file is or will be, without links on the way there. */
async function placeOf(path: string): Promise<string> {
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    // Whoever writes there says what is wrong with it.
    if (systemCode(error) !== undefined) return path;
    throw error;
  }
}
