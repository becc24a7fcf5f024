import { open, stat } from "node:fs/promises";
import { requireUsable } from "../bundle/opened.ts";
import { isReceipt, MAX_RECEIPT_BYTES, parseReceipt } from "../delivery/receipt.ts";
import { systemCode } from "../errors.ts";
import type { Run } from "../events.ts";
import { parseLock } from "../intake/recipe/lock.ts";
import { sideOfBundle, sideOfLock, sideOfReceipt } from "../report/read-side.ts";
import type { Side } from "../report/side.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

/**
 * Opens a bundle, lock or receipt to be compared. A bundle stays open meanwhile: its charts are searched
 * then.
 *
 * @throws BundleRefused, DrayError `DRAY_LOCK_INVALID`, `DRAY_RECEIPT_INVALID`, `DRAY_FILE_NOT_FOUND`
 */
export async function withSide<T>(
  options: BundleOptions,
  run: Run,
  use: (side: Side) => Promise<T>,
): Promise<T> {
  const { path } = options;
  const document = await readDocument(path);
  if (document !== undefined) {
    const isOfPush = isReceipt(document);
    return use(
      isOfPush
        ? sideOfReceipt(parseReceipt(document, path))
        : sideOfLock(parseLock(document, path)),
    );
  }
  return withBundle({ ...options, content: "readable" }, run, async (opened) =>
    use(await sideOfBundle(requireUsable(path, opened), run)),
  );
}

const OPENING_BRACE = 0x7b;

/** A JSON document; undefined for whatever else is there, which is for the bundle to open or refuse. */
async function readDocument(path: string): Promise<Buffer | undefined> {
  try {
    const stats = await stat(path);
    if (!stats.isFile() || stats.size > MAX_RECEIPT_BYTES) return undefined;
    const file = await open(path);
    try {
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 0);
      return buffer[0] === OPENING_BRACE ? await file.readFile() : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
