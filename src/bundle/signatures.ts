import type { Entry } from "../archive/scan.ts";
import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import { digestOf, encodedOf } from "../oci/digest.ts";
import type { PublicKey } from "../trust/keys.ts";
import { type TrustPolicy, checkSignatures } from "../trust/policy.ts";
import { type DetachedSignature, type FoundSignature, parseDetached } from "../trust/detached.ts";
import { append } from "../content/append.ts";
import { MAX_SUMS_BYTES, SIGNATURE_FILE, SIGSTORE_FILE, SUMS_FILE } from "./format.ts";
import { withoutCr } from "./line-ends.ts";
import { REPAIR_HINT, inMemory } from "./mending.ts";
import type { BundleView } from "./view.ts";

/** A signature has a few hundred bytes. */
const MAX_SIGNATURE_BYTES = 4 * 1024 * 1024;

/** The signatures inside the bundle and beside it. */
export async function findSignatures(
  view: BundleView,
  detached: readonly FoundSignature[],
): Promise<readonly FoundSignature[]> {
  if (!view.has(SIGSTORE_FILE)) return detached;
  const bytes = await view.readSmall(SIGSTORE_FILE, MAX_SIGNATURE_BYTES);
  return [{ entry: SIGSTORE_FILE, bytes }, ...detached];
}

/** The list of sums as it was signed, and the files that had to be put right for that. */
export interface ReadList {
  readonly bytes: Buffer;
  readonly mended: readonly Entry[];
  readonly findings: readonly Finding[];
}

/**
 * Reads the list of sums. What was carried as text is put right, the list if a signature says that
 * it is over the list as it was, and `SHA256SUMS.sig` if it is then the signature that the Sigstore
 * bundle holds; whether that signature holds is judged afterwards.
 */
export async function readList(
  view: BundleView,
  signatures: readonly FoundSignature[],
): Promise<ReadList> {
  const found = await view.readSmall(SUMS_FILE, MAX_SUMS_BYTES);
  const before = withoutCr(found);
  const isTranslated =
    before !== undefined && !before.equals(found) && isSigned(before, signatures);
  const mended: Entry[] = [];
  if (isTranslated) {
    mended.push(inMemory(SUMS_FILE, before));
    append(mended, await mendedSigstore(view));
  }
  const signature = await mendedSignature(view, signatures);
  if (signature !== undefined) mended.push(signature);
  const [first] = mended;
  const findings = first === undefined ? [] : [lineEnds(first.path)];
  return { bytes: isTranslated ? before : found, mended, findings };
}

function isSigned(list: Buffer, signatures: readonly FoundSignature[]): boolean {
  const sum = encodedOf(digestOf(list));
  return signatures.some((signature) => detachedIn(signature)?.messageSha256 === sum);
}

async function mendedSigstore(view: BundleView): Promise<Entry[]> {
  if (!view.has(SIGSTORE_FILE)) return [];
  const carried = await view.readSmall(SIGSTORE_FILE, MAX_SIGNATURE_BYTES);
  return [inMemory(SIGSTORE_FILE, withoutCr(carried) ?? carried)];
}

/** The bytes of a signature are no text, and yet a carrier may take one of them for a line's end. */
async function mendedSignature(
  view: BundleView,
  signatures: readonly FoundSignature[],
): Promise<Entry | undefined> {
  if (!view.has(SIGNATURE_FILE)) return undefined;
  const carried = await view.readSmall(SIGNATURE_FILE, MAX_SIGNATURE_BYTES);
  const wanted = signatureInside(signatures);
  if (wanted === undefined || wanted.equals(carried)) return undefined;
  return withoutCr(carried)?.equals(wanted) === true ? inMemory(SIGNATURE_FILE, wanted) : undefined;
}

function lineEnds(path: string): Finding {
  return {
    code: "LINE_ENDS_CHANGED",
    severity: "info",
    entry: path,
    message: `The line ends of ${path} were changed to CR LF on the way; they are undone`,
    hint: REPAIR_HINT,
  };
}

/** Judges signatures over the list of sums. */
export async function judgeSignatures(
  view: BundleView,
  list: Buffer,
  { policy, detached }: { policy: TrustPolicy; detached: readonly FoundSignature[] },
): Promise<{ signedBy: readonly PublicKey[]; findings: Finding[] }> {
  const signatures = await findSignatures(view, detached);
  const { signedBy, findings } = checkSignatures(list, signatures, policy);
  return { signedBy, findings: [...findings, ...(await checkRawSignature(view, signatures))] };
}

/** `SHA256SUMS.sig` repeats the signature of the Sigstore bundle for tools that know no JSON. */
async function checkRawSignature(
  view: BundleView,
  signatures: readonly FoundSignature[],
): Promise<Finding[]> {
  const base = { severity: "error", entry: SIGNATURE_FILE } as const;
  if (view.has(SIGSTORE_FILE) !== view.has(SIGNATURE_FILE)) {
    const message = `Expected ${SIGSTORE_FILE} and ${SIGNATURE_FILE} both or neither`;
    return [{ ...base, code: "SIGNATURE_INCOMPLETE", message }];
  }
  if (!view.has(SIGNATURE_FILE)) return [];
  const raw = await view.readSmall(SIGNATURE_FILE, MAX_SIGNATURE_BYTES);
  if (signatureInside(signatures)?.equals(raw) === true) return [];
  const message = `${SIGNATURE_FILE} is not the signature that ${SIGSTORE_FILE} holds`;
  return [{ ...base, code: "SIGNATURE_ALTERED", message }];
}

/** The signature in the Sigstore bundle that travels inside. */
function signatureInside(signatures: readonly FoundSignature[]): Buffer | undefined {
  const inside = signatures.find(({ entry }) => entry === SIGSTORE_FILE);
  return inside && detachedIn(inside)?.signature;
}

/** What a signature says of itself; undefined if it cannot be read: whoever judges it says so. */
function detachedIn({ entry, bytes }: FoundSignature): DetachedSignature | undefined {
  try {
    return parseDetached(bytes, entry);
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}
