import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { PublicKey } from "../trust/keys.ts";
import { checkSignatures, type FoundSignature, type TrustPolicy } from "../trust/policy.ts";
import { parseDetached, type DetachedSignature } from "../trust/sigstore-bundle.ts";
import { SIGNATURE_FILE, SIGSTORE_FILE } from "./format.ts";
import type { BundleView } from "./view.ts";

/** A signature has a few hundred bytes. */
export const MAX_SIGNATURE_BYTES = 4 * 1024 * 1024;

/** The signatures inside the bundle and beside it. */
export async function findSignatures(
  view: BundleView,
  detached: readonly FoundSignature[] = [],
): Promise<readonly FoundSignature[]> {
  if (!view.has(SIGSTORE_FILE)) return detached;
  const bytes = await view.readSmall(SIGSTORE_FILE, MAX_SIGNATURE_BYTES);
  return [{ entry: SIGSTORE_FILE, bytes }, ...detached];
}

/** What a signature says of itself; undefined if it cannot be read: whoever judges it says so. */
export function detachedIn({ entry, bytes }: FoundSignature): DetachedSignature | undefined {
  try {
    return parseDetached(bytes, entry);
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

/** Judges signatures over the list of sums. */
export async function judgeSignatures(
  view: BundleView,
  list: Buffer,
  { policy, detached }: { policy: TrustPolicy; detached?: readonly FoundSignature[] | undefined },
): Promise<{ signedBy: readonly PublicKey[]; findings: Finding[] }> {
  const findings: Finding[] = [];
  const signatures = await findSignatures(view, detached);
  const { signedBy, findings: judged } = checkSignatures(list, signatures, policy);
  if (view.has(SIGSTORE_FILE) !== view.has(SIGNATURE_FILE)) {
    findings.push({
      code: "SIGNATURE_INCOMPLETE",
      severity: "error",
      entry: SIGNATURE_FILE,
      message: `Expected ${SIGSTORE_FILE} and ${SIGNATURE_FILE} both or neither`,
    });
  } else if (view.has(SIGNATURE_FILE)) {
    findings.push(...(await checkRawSignature(view, signatures)));
  }
  return { signedBy, findings: [...judged, ...findings] };
}

/** `SHA256SUMS.sig` repeats the signature of the Sigstore bundle for tools that know no JSON. */
async function checkRawSignature(
  view: BundleView,
  signatures: readonly FoundSignature[],
): Promise<Finding[]> {
  const raw = await view.readSmall(SIGNATURE_FILE, MAX_SIGNATURE_BYTES);
  const inside = signatures.find(({ entry }) => entry === SIGSTORE_FILE);
  const signature = inside && detachedIn(inside)?.signature;
  if (signature?.equals(raw) === true) return [];
  const message = `${SIGNATURE_FILE} is not the signature that ${SIGSTORE_FILE} holds`;
  return [{ code: "SIGNATURE_ALTERED", severity: "error", entry: SIGNATURE_FILE, message }];
}
