import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { readSmallFile } from "../content/small-file.ts";
import { requirePlace } from "../content/output-place.ts";
import { replaceFile } from "../content/replace-file.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { DrayEvent, Run } from "../events.ts";
import type { PushRecord } from "./record.ts";
import type { Edition, Receipt } from "./receipt.ts";
import { formatReceipt, isReceipt, MAX_RECEIPT_BYTES, parseReceipt } from "./receipt-schema.ts";

/** Where a receipt goes. It replaces an earlier receipt and nothing else. */
export class ReceiptFile {
  readonly #path: string;
  #earlier: Buffer | undefined;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Looks at the place before there is anything to be written.
   * @throws DrayError `DRAY_OUTPUT_REFUSED`
   */
  static async prepare(path: string): Promise<ReceiptFile> {
    const file = new ReceiptFile(path);
    file.#earlier = await file.#requirePlace();
    return file;
  }

  /**
   * The newest bundle that earlier pushes have brought, as the receipt says that was there.
   * @throws DrayError `DRAY_RECEIPT_INVALID` for one of another version of dray
   */
  newest(): Edition | undefined {
    if (this.#earlier === undefined) return undefined;
    const { newest, bundle, outcome } = parseReceipt(this.#earlier, this.#path);
    const { name, version, digest } = bundle;
    const isKnown = name !== undefined && version !== undefined && digest !== undefined;
    if (newest !== undefined || !isKnown || outcome !== "done") return newest;
    // An earlier dray wrote no time of the bundle.
    return { name, version, digest, created: new Date(0).toISOString() };
  }

  /** @throws DrayError `DRAY_OUTPUT_REFUSED` if something else is there by now */
  async write(receipt: Receipt): Promise<void> {
    await this.#requirePlace();
    await replaceFile(this.#path, formatReceipt(receipt));
  }

  /**
   * Does something and writes what the record says of it when that ends, however it ends.
   * @throws what the work throws, else DrayError `DRAY_OUTPUT_REFUSED`
   */
  static async kept<T>(
    { file, record, run }: { file: ReceiptFile | undefined; record: PushRecord; run: Run },
    work: () => Promise<T>,
  ): Promise<T> {
    let result: T;
    try {
      result = await work();
    } catch (cause) {
      // What was refused for the sake of the receipt that is there does not replace it.
      if (cause instanceof DrayError && cause.code === "DRAY_BUNDLE_OLDER") throw cause;
      const failed = record.receipt({ cause, isInterrupted: run.signal.aborted });
      if (isMistaken(failed, cause)) throw cause;
      await file?.write(failed).catch((error: unknown) => run.onEvent(unwritten(error)));
      throw cause;
    }
    await file?.write(record.receipt());
    return result;
  }

  async #requirePlace(): Promise<Buffer | undefined> {
    await requirePlace(this.#path, "receipt");
    const found = await readRegular(this.#path).catch((cause: unknown) => {
      throw inTheWay(this.#path, cause);
    });
    if (found !== undefined && !isReceipt(found)) throw inTheWay(this.#path);
    return found;
  }
}

/** @throws DrayError `DRAY_RECEIPT_INVALID`, `DRAY_FILE_NOT_FOUND` */
export async function readReceipt(path: string): Promise<Receipt> {
  const what = { what: "receipt", maxBytes: MAX_RECEIPT_BYTES };
  return parseReceipt(await readSmallFile(path, what), path);
}

/** A regular file whole, as far as it can be a receipt; undefined if nothing is there. */
async function readRegular(path: string): Promise<Buffer | undefined> {
  let file;
  try {
    // Looking at a FIFO must not wait for somebody to write into it.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const stats = await file.stat();
    return stats.isFile() && stats.size <= MAX_RECEIPT_BYTES ? await file.readFile() : NOTHING;
  } finally {
    await file.close();
  }
}

/** The command was written wrong and nobody was asked: an earlier receipt says more than this one. */
function isMistaken({ outcome, artifacts }: Receipt, cause: unknown): boolean {
  const isUsage = cause instanceof DrayError && cause.kind === "usage";
  return isUsage && outcome !== "interrupted" && artifacts.length === 0;
}

/** The push has failed already, and that is what is thrown. */
function unwritten(error: unknown): DrayEvent {
  const reason = error instanceof Error ? error.message : String(error);
  return { type: "warning", message: `The receipt was not written: ${reason}` };
}

/** As good as no document at all. */
const NOTHING = Buffer.alloc(0);

function inTheWay(path: string, cause?: unknown): DrayError {
  const found = systemCode(cause) === "ELOOP" ? "a link" : "something else";
  return new DrayError(
    "DRAY_OUTPUT_REFUSED",
    `Cannot write receipt ${JSON.stringify(path)}: expected nothing there or an earlier receipt, found ${found}`,
    { kind: "usage", cause, hint: "Choose another name: nothing but a receipt is replaced." },
  );
}
