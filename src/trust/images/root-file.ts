import { collect, type Bytes } from "../../content/content.ts";
import { DrayError, unreadable } from "../../errors.ts";
import { parseJson } from "../../oci/json.ts";
import { NotRegular, readStart } from "../../content/small-file.ts";

/** Where a trusted root stands: a file of this machine, or one that travels with what is judged. */
export type RootPlace = string | CarriedRoot;

/** A file of the bundle: `files/…`. It is as good as the word of who has signed the bundle. */
export interface CarriedRoot {
  readonly carried: string;
}

/** The files that travel with what is judged. */
export interface Carried {
  /** Why none of them counts; undefined if somebody trusted answers for them. */
  readonly doubt?: string | undefined;
  readonly files: readonly CarriedFile[];
}

interface CarriedFile {
  readonly path: string;
  readonly size: number;
  /** The content, which ends only if it is what was signed. */
  readonly content: () => Bytes;
}

/** Nothing travels along, or nobody answers for it. */
export function nothingCarried(doubt: string): Carried {
  return { doubt, files: [] };
}

/** What stands in a trusted root, not looked at yet. */
export interface RootFile {
  /** For messages: its place, and what it is. */
  readonly from: string;
  readonly what: string;
  readonly code: "DRAY_TRUSTED_ROOT_INVALID" | "DRAY_TRUSTED_ROOT_REFUSED";
  readonly kind: "usage" | "refused";
  readonly document: unknown;
}

/** That of the public services has some ten kilobytes. */
const MAX_ROOT_BYTES = 4 * 1024 * 1024;

/** @throws DrayError `DRAY_TRUSTED_ROOT_INVALID`, `DRAY_TRUSTED_ROOT_REFUSED`, `DRAY_FILE_NOT_FOUND` */
export async function readRootFile(place: RootPlace, carried: Carried): Promise<RootFile> {
  if (typeof place !== "string") return readCarried(place.carried, carried);
  const what = `the trusted root ${JSON.stringify(place)}`;
  const file = { from: place, what, code: "DRAY_TRUSTED_ROOT_INVALID", kind: "usage" } as const;
  try {
    return withDocument(file, await readStart(place, MAX_ROOT_BYTES));
  } catch (cause) {
    if (cause instanceof NotRegular) throw refusedRoot(file, cause.message, { cause });
    throw unreadable(cause, "trusted root", place) ?? cause;
  }
}

async function readCarried(path: string, { doubt, files }: Carried): Promise<RootFile> {
  const from = `${path} of the bundle`;
  const what = `the trusted root ${JSON.stringify(path)} of the bundle`;
  const file = { from, what, code: "DRAY_TRUSTED_ROOT_REFUSED", kind: "refused" } as const;
  const hint = "Name a file of this machine under `trustedRoot` instead.";
  if (doubt !== undefined) throw refusedRoot(file, doubt, { hint });
  const found = files.find((one) => one.path === path);
  if (found === undefined) throw refusedRoot(file, "it is not there", { hint });
  if (found.size > MAX_ROOT_BYTES) throw refusedRoot(file, `it has ${found.size} bytes`);
  return withDocument(file, await collect(found.content()));
}

function withDocument(file: Omit<RootFile, "document">, bytes: Buffer): RootFile {
  try {
    return { ...file, document: parseJson(bytes, file.what, MAX_ROOT_BYTES) };
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    const hint = "Write one with `cosign trusted-root create`, or take that of the service.";
    throw new DrayError(file.code, cause.message, { kind: file.kind, cause, hint });
  }
}

export function refusedRoot(
  { what, code, kind }: Omit<RootFile, "document">,
  reason: string,
  more: { readonly cause?: unknown; readonly hint?: string } = {},
): DrayError {
  return new DrayError(code, `Cannot read ${what}: ${reason}`, { kind, ...more });
}
