import { requireUsable } from "../bundle/opened.ts";
import { isReceipt, parseReceipt } from "../delivery/receipt-schema.ts";
import type { Run } from "../events.ts";
import { parseLock } from "../intake/recipe/lock.ts";
import { sideOfBundle, sideOfLock, sideOfReceipt } from "../report/read-side.ts";
import type { Side } from "../report/side.ts";
import { readDocument } from "./open-base.ts";
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
  return withBundle({ ...options, content: "readable", blobs: "elsewhere" }, run, async (opened) =>
    use(await sideOfBundle(requireUsable(path, opened), run)),
  );
}
