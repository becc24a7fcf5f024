import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import type { PublicKey } from "../trust/keys.ts";
import { checkSignatures, type FoundSignature, type TrustPolicy } from "../trust/policy.ts";
import { parseDetached } from "../trust/sigstore-bundle.ts";
import { SIGNATURE_FILE, SIGSTORE_FILE } from "./format.ts";
import type { BundleView } from "./view.ts";

/** Judges the signatures inside the bundle and beside it over the list of sums. */
export async function judgeSignatures(
  view: BundleView,
  list: Buffer,
  { policy, detached }: { policy: TrustPolicy; detached?: readonly FoundSignature[] | undefined },
): Promise<{ signedBy: readonly PublicKey[]; findings: Finding[] }> {
  const signatures = [...(detached ?? [])];
  const findings: Finding[] = [];
  if (view.has(SIGSTORE_FILE)) {
    signatures.unshift({
      entry: SIGSTORE_FILE,
      bytes: await view.readSmall(SIGSTORE_FILE, MAX_MANIFEST_BYTES),
    });
  }
  const { signedBy, findings: judged } = checkSignatures(list, signatures, policy);
  if (view.has(SIGSTORE_FILE) !== view.has(SIGNATURE_FILE)) {
    findings.push({
      code: "SIGNATURE_INCOMPLETE",
      severity: "error",
      entry: SIGNATURE_FILE,
      message: `Expected ${SIGSTORE_FILE} and ${SIGNATURE_FILE} both or neither`,
    });
  } else if (view.has(SIGNATURE_FILE)) {
    findings.push(...(await checkRawSignature(view)));
  }
  return { signedBy, findings: [...judged, ...findings] };
}

/** `SHA256SUMS.sig` repeats the signature of the Sigstore bundle for tools that know no JSON. */
async function checkRawSignature(view: BundleView): Promise<Finding[]> {
  const raw = await view.readSmall(SIGNATURE_FILE, MAX_MANIFEST_BYTES);
  const bundle = await view.readSmall(SIGSTORE_FILE, MAX_MANIFEST_BYTES);
  if (signatureIn(bundle)?.equals(raw) === true) return [];
  return [
    {
      code: "SIGNATURE_ALTERED",
      severity: "error",
      entry: SIGNATURE_FILE,
      message: `${SIGNATURE_FILE} is not the signature that ${SIGSTORE_FILE} holds`,
    },
  ];
}

/** Undefined for a bundle that cannot be read: whoever judges signatures says so. */
function signatureIn(bundle: Buffer): Buffer | undefined {
  try {
    return parseDetached(bundle, SIGSTORE_FILE).signature;
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}
