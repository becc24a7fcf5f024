import { open } from "node:fs/promises";
import type { FilePiece } from "../file-range.ts";
import { sniff } from "../sniff.ts";

/** More files of one name do not have to be looked at. */
const MAX_LOOKED_AT = 20;

/** The list of contents stands here, so that two bundles differ. */
const HEAD_BYTES = 4096;

/**
 * True for files whose names count them and that are no parts: each begins like an archive, and no two
 * are alike. One alone that begins so and is not the first is none either.
 */
export async function beginsAsSeveral(
  files: readonly (FilePiece & { readonly number: number })[],
): Promise<boolean> {
  const heads: Buffer[] = [];
  for (const { path } of files.slice(0, MAX_LOOKED_AT)) {
    const head = await headOf(path);
    if (sniff(head) !== undefined) heads.push(head);
  }
  const [first, ...others] = heads;
  if (first === undefined) return false;
  if (files.length === 1) return files.every(({ number }) => number > 1);
  return others.some((head) => !head.equals(first));
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
