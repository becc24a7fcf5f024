import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Descriptor } from "../oci/descriptor.ts";
import { formatIndexFile, INDEX_FILE, parseIndexFile } from "../oci/image-layout.ts";
import { replaceFile } from "./replace-file.ts";

/** The entries of a layout's `index.json`. */
export async function readRoots(directory: string): Promise<readonly Descriptor[]> {
  const path = join(directory, INDEX_FILE);
  return parseIndexFile(await readFile(path), path);
}

/** Writes `index.json` so that a reader sees the old one or the new one, never a part. */
export async function writeRoots(directory: string, roots: readonly Descriptor[]): Promise<void> {
  await replaceFile(join(directory, INDEX_FILE), formatIndexFile(roots));
}
