import type { Entry } from "../archive/scan.ts";
import type { Finding } from "../finding.ts";
import { digestOf, encodedOf } from "../oci/digest.ts";
import type { FoundSignature } from "../trust/policy.ts";
import { MAX_SUMS_BYTES, SIGNATURE_FILE, SIGSTORE_FILE, SUMS_FILE } from "./format.ts";
import { withoutCr } from "./line-ends.ts";
import { inMemory, REPAIR_HINT } from "./mending.ts";
import { detachedIn, MAX_SIGNATURE_BYTES } from "./signatures.ts";
import type { BundleView } from "./view.ts";

/** The list of sums as it was signed, and the files that had to be put right for that. */
export interface ReadList {
  readonly bytes: Buffer;
  readonly mended: readonly Entry[];
  readonly findings: readonly Finding[];
}

/**
 * Reads the list of sums. One that was carried as text is put right, with its signatures, if one of
 * them says that it is over the list as it was; whether that signature holds is judged afterwards.
 */
export async function readList(
  view: BundleView,
  signatures: readonly FoundSignature[],
): Promise<ReadList> {
  const found = await view.readSmall(SUMS_FILE, MAX_SUMS_BYTES);
  const bytes = withoutCr(found);
  if (bytes === undefined || bytes.equals(found) || !isSigned(bytes, signatures)) {
    return { bytes: found, mended: [], findings: [] };
  }
  const mended = [inMemory(SUMS_FILE, bytes)];
  for (const path of [SIGSTORE_FILE, SIGNATURE_FILE].filter((name) => view.has(name))) {
    const carried = await view.readSmall(path, MAX_SIGNATURE_BYTES);
    mended.push(inMemory(path, withoutCr(carried) ?? carried));
  }
  const message = `The line ends of ${SUMS_FILE} were changed to CR LF on the way; they are undone`;
  const base = { code: "LINE_ENDS_CHANGED", severity: "info", entry: SUMS_FILE } as const;
  return { bytes, mended, findings: [{ ...base, message, hint: REPAIR_HINT }] };
}

function isSigned(list: Buffer, signatures: readonly FoundSignature[]): boolean {
  const sum = encodedOf(digestOf(list));
  return signatures.some((signature) => detachedIn(signature)?.messageSha256 === sum);
}
