import { createHash } from "node:crypto";
import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import { type PublicKey, isSignedBy } from "./keys.ts";
import { type DetachedSignature, type FoundSignature, parseDetached } from "./detached.ts";

/** Whom the user trusts, decided outside the bundle: a key inside it is never asked. */
export interface TrustPolicy {
  /** @default none: nobody is trusted */
  readonly keys?: readonly PublicKey[] | undefined;
  /** How many different keys must have signed, one at least. @default 1 */
  readonly require?: number | undefined;
  /** Accept what no trusted key has signed, and say so. @default false */
  readonly allowUnsigned?: boolean | undefined;
}

export interface TrustResult {
  /** The trusted keys that have signed, each once. */
  readonly signedBy: readonly PublicKey[];
  readonly findings: readonly Finding[];
}

/** Judges the signatures over `message`. */
export function checkSignatures(
  message: Uint8Array,
  signatures: readonly FoundSignature[],
  policy: TrustPolicy,
): TrustResult {
  const signedBy = new Map<string, PublicKey>();
  const findings: Finding[] = [];
  const sha256 = createHash("sha256").update(message).digest("hex");
  for (const found of signatures) {
    const judged = judge({ message, sha256 }, found, policy.keys ?? []);
    if ("key" in judged) signedBy.set(judged.key.id, judged.key);
    else findings.push(judged.finding);
  }
  const severity = policy.allowUnsigned === true ? "warning" : "error";
  const wanted = Math.max(1, policy.require || 1);
  if (signedBy.size < wanted) {
    findings.push(notEnough(policy, { wanted, found: signedBy.size, signatures, severity }));
  }
  return { signedBy: [...signedBy.values()], findings };
}

function judge(
  { message, sha256 }: { message: Uint8Array; sha256: string },
  { entry, bytes }: FoundSignature,
  keys: readonly PublicKey[],
): { key: PublicKey } | { finding: Finding } {
  let detached: DetachedSignature;
  try {
    detached = parseDetached(bytes, entry);
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    return {
      finding: { code: "SIGNATURE_UNREADABLE", severity: "error", entry, message: error.message },
    };
  }
  const key = keys.find((candidate) => isSignedBy(candidate, message, detached.signature));
  const fits = key !== undefined && detached.messageSha256 === sha256;
  if (fits) return { key };
  const claimed = key?.id ?? keys.find(({ id }) => id === detached.hint)?.id;
  if (claimed !== undefined) {
    return {
      finding: {
        code: "SIGNATURE_INVALID",
        severity: "error",
        entry,
        message: `Signature ${JSON.stringify(entry)} claims trusted key ${claimed} and does not fit: the list of contents or the signature was changed`,
        hint: "Do not use this bundle. Get it again from where it was made.",
      },
    };
  }
  return {
    finding: {
      code: "SIGNATURE_UNTRUSTED",
      severity: "info",
      entry,
      message: `Signature ${JSON.stringify(entry)} is by a key that is not trusted here: ${printableHint(detached)}`,
    },
  };
}

function printableHint({ hint }: DetachedSignature): string {
  return hint === "" ? "it names none" : JSON.stringify(hint.slice(0, 100));
}

function notEnough(
  { keys = [] }: TrustPolicy,
  situation: {
    wanted: number;
    found: number;
    signatures: readonly FoundSignature[];
    severity: "error" | "warning";
  },
): Finding {
  const { wanted, found, signatures, severity } = situation;
  const base = { severity, wanted: `${wanted} trusted`, found: String(found) } as const;
  if (keys.length === 0) {
    return {
      ...base,
      code: "SIGNATURE_NO_KEY",
      message: "There is no key to check the signature with",
      hint: "Name the signer's public key with --key, or put it into the trust folder.",
    };
  }
  if (signatures.length === 0) {
    return {
      ...base,
      code: "SIGNATURE_MISSING",
      message: "The bundle is not signed",
      hint: "Ask the sender for a signed bundle; --allow-unsigned takes it all the same.",
    };
  }
  return {
    ...base,
    code: "SIGNATURE_NOT_TRUSTED",
    message: `Expected ${wanted} trusted ${wanted === 1 ? "signature" : "signatures"}, found ${found} (keys trusted here: ${keys.map(({ id }) => id.slice(0, 12)).join(", ")})`,
    hint: "Check with the sender which key has signed, over another way than this bundle.",
  };
}
