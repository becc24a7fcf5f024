import { open, stat } from "node:fs/promises";
import { requireUsable } from "../bundle/opened.ts";
import { compareSides, type Comparison } from "../report/compare.ts";
import { sideOfBundle, sideOfLock, sideOfReceipt } from "../report/read-side.ts";
import type { Side, SideForm } from "../report/side.ts";
import { isReceipt, MAX_RECEIPT_BYTES, parseReceipt } from "../delivery/receipt.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { systemCode } from "../errors.ts";
import type { Finding } from "../finding.ts";
import { parseLock } from "../intake/recipe/lock.ts";
import type { Digest } from "../oci/digest.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

/** Two bundles, locks or receipts, in any mix. */
export interface DiffOptions extends Omit<BundleOptions, "path"> {
  readonly old: string;
  readonly new: string;
}

export interface DiffReport extends Comparison {
  readonly old: DiffSide;
  readonly new: DiffSide;
  /** True if nothing is added, removed or changed, and nobody else has signed. */
  readonly same: boolean;
  readonly findings: readonly Finding[];
}

/** One of the two, as it names itself. */
export interface DiffSide {
  /** As it was given. */
  readonly path: string;
  readonly form: SideForm;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** SHA-256 of the list of sums of the bundle. */
  readonly digest?: Digest | undefined;
  /** Ids of the trusted keys that have signed it; undefined where its form does not tell. */
  readonly signedBy?: readonly string[] | undefined;
}

/**
 * Says what changed between two releases. Opens no connection. Whether to trust a bundle is not the
 * question; who has signed it is part of the answer.
 *
 * @throws BundleRefused, DrayError `DRAY_LOCK_INVALID`, `DRAY_RECEIPT_INVALID`, `DRAY_FILE_NOT_FOUND`
 */
export async function diff(options: DiffOptions, runOptions: RunOptions = {}): Promise<DiffReport> {
  const run = startRun(runOptions);
  const { old: oldPath, new: newPath, ...rest } = options;
  const choices = { ...rest, trust: { ...rest.trust, allowUnsigned: true } };
  return withSide({ ...choices, path: oldPath }, run, (before) =>
    withSide({ ...choices, path: newPath }, run, async (now) => {
      const comparison = await compareSides(before, now);
      return {
        old: describe(oldPath, before),
        new: describe(newPath, now),
        ...comparison,
        same: isSame(comparison),
        findings: [...before.findings, ...now.findings],
      };
    }),
  );
}

/** A bundle stays open while it is compared: its charts are searched then. */
async function withSide<T>(
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

function describe(path: string, { form, name, version, digest, signedBy }: Side): DiffSide {
  return { path, form, name, version, digest, signedBy };
}

function isSame({ added, removed, changed, signers, needs }: Comparison): boolean {
  const signed = signers === undefined ? [] : [...signers.added, ...signers.removed];
  return [added, removed, changed, needs, signed].every((list) => list.length === 0);
}
