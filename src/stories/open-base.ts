import { open, stat } from "node:fs/promises";
import type { Base } from "../bundle/base.ts";
import { requireUsable } from "../bundle/opened.ts";
import { baseOfBundle } from "../delivery/base-of-bundle.ts";
import { baseOfInventory } from "../delivery/base-of-inventory.ts";
import { baseOfReceipt } from "../delivery/base-of-receipt.ts";
import { MAX_INVENTORY_BYTES, parseInventory } from "../delivery/inventory-document.ts";
import type { Mapping } from "../delivery/mapping.ts";
import { isReceipt, parseReceipt } from "../delivery/receipt-schema.ts";
import { systemCode } from "../errors.ts";
import { withoutBom } from "../oci/json.ts";
import type { Run } from "../events.ts";
import { withBundle } from "./open-bundle.ts";

/**
 * Reads what is on the other side already: an earlier bundle, a receipt or an inventory. Who has signed a
 * bundle is not asked: nothing of a base is used but the names of what it has.
 *
 * @throws BundleRefused, DrayError `DRAY_RECEIPT_INVALID`, `DRAY_INVENTORY_INVALID`, `DRAY_FILE_NOT_FOUND`
 */
export async function openBase(path: string, mapping: Mapping, run: Run): Promise<Base> {
  const document = await readDocument(path);
  if (document !== undefined) {
    return isReceipt(document)
      ? baseOfReceipt(parseReceipt(document, path))
      : baseOfInventory(parseInventory(document, path), mapping);
  }
  const trust = { allowUnsigned: true };
  return withBundle({ path, trust, content: "readable", blobs: "elsewhere" }, run, async (opened) =>
    baseOfBundle(requireUsable(path, opened)),
  );
}

/** `{`, and what editors of Windows put before it. What they write in UTF-16 is refused as such. */
const BEGINNINGS = [Buffer.from("{"), Buffer.from("\ufeff{"), Buffer.from("\ufeff{", "utf16le")];

/** A JSON document; undefined for whatever else is there, which is for the bundle to open or refuse. */
export async function readDocument(path: string): Promise<Uint8Array | undefined> {
  try {
    const stats = await stat(path);
    if (!stats.isFile() || stats.size > MAX_INVENTORY_BYTES) return undefined;
    const file = await open(path);
    try {
      const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
      const isJson = BEGINNINGS.some((one) => buffer.subarray(0, one.length).equals(one));
      return isJson ? withoutBom(await file.readFile()) : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
