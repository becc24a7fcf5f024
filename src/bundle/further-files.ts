import { constants } from "node:fs";
import { open, readdir, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Cut } from "../archive/parts/cut.ts";
import { systemCode } from "../errors.ts";
import { NO_FOLLOW, openOwn } from "./earlier-part.ts";

/** One of the files that a bundle becomes, and what it is called while it grows. */
export interface OutputPart extends Cut {
  readonly path: string;
  readonly partial: string;
}

/** The files that `target` becomes: itself, or what it is cut into. The first grows under the name of the whole. */
export function outputParts(target: string, cuts: readonly Cut[]): readonly OutputPart[] {
  return cuts.map((cut) => {
    const path = join(dirname(target), cut.name);
    return { ...cut, path, partial: `${cut.number === 1 ? target : path}.partial` };
  });
}

/** Opens what comes behind the first file, as an earlier run has left it or new. */
export async function openFurther(parts: readonly OutputPart[]): Promise<FileHandle[]> {
  const files: FileHandle[] = [];
  try {
    for (const { number, partial, size } of parts) {
      if (number === 1) continue;
      const file = (await earlier(partial)) ?? (await create(partial));
      files.push(file);
      // What is there too much would stay behind the end.
      if ((await file.stat()).size > size) await file.truncate(size);
    }
    return files;
  } catch (error) {
    for (const file of files) await file.close();
    throw error;
  }
}

async function earlier(partial: string): Promise<FileHandle | undefined> {
  try {
    return await openOwn(partial);
  } catch (error) {
    if (systemCode(error) !== "ENOENT" && systemCode(error) !== "ELOOP") throw error;
    return undefined;
  }
}

async function create(partial: string): Promise<FileHandle> {
  await rm(partial, { force: true });
  return open(partial, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW);
}

const GROWING = /^\.(?:part)?\d{3,4}\.partial$/;

/** Removes what unfinished runs have left of `target` behind the first file, of whatever size. */
export async function removeFurther(target: string): Promise<void> {
  const folder = dirname(target);
  const whole = basename(target);
  for (const name of await readdir(folder)) {
    const isOne = name.startsWith(whole) && GROWING.test(name.slice(whole.length));
    if (isOne) await rm(join(folder, name), { force: true });
  }
}
