import { createHash } from "node:crypto";
import { parseJson } from "../../oci/json.ts";
import { problemsOf } from "../../oci/problems.ts";
import { IN_TOTO, SIGN_PREDICATE } from "../../oci/referrer.ts";
import { bundleSchema } from "./bundle-schema.ts";
import type { Signed, Unread } from "./signed.ts";
import { envelopeIn, preAuthEncoding, statementIn, type Envelope } from "./statement.ts";

/** A list of contents that somebody has signed: a large image has one of some ten megabytes. */
export const MAX_SIGNED_BYTES = 64 * 1024 * 1024;

/**
 * Reads a Sigstore bundle. `subject` has the manifest that a signature over bytes, and not over a
 * statement, is over.
 * @throws DrayError for what is no JSON
 */
export function readBundle(raw: Buffer, from: string, subject: Buffer): Signed | Unread {
  const parsed = bundleSchema.safeParse(parseJson(raw, from, MAX_SIGNED_BYTES));
  if (!parsed.success) return { from, problem: `it is no bundle: ${problemsOf(parsed.error)}` };
  const bundle = parsed.data;
  const { publicKey, ...certificates } = bundle.verificationMaterial;
  const { certificate, x509CertificateChain: chain } = certificates;
  const hasCertificate = certificate !== undefined || chain !== undefined;
  if (hasCertificate === (publicKey !== undefined)) {
    return { from, problem: "it has neither a key nor a certificate, or both" };
  }
  const envelope = envelopeIn(bundle);
  const { messageSignature } = bundle;
  if (envelope !== undefined) return { ...inEnvelope(envelope, from), bundle, hasCertificate };
  if (messageSignature === undefined) return { from, problem: "nothing is signed in it" };
  const digest = createHash("sha256").update(subject).digest();
  const stated = Buffer.from(messageSignature.messageDigest.digest, "base64");
  const about = digest.equals(stated) ? [`sha256:${digest.toString("hex")}`] : [];
  const signatures = [Buffer.from(messageSignature.signature, "base64")];
  return { from, about, message: subject, signatures, bundle, hasCertificate };
}

/**
 * What an envelope of DSSE holds: a statement about manifests, or nothing that counts.
 * @throws DrayError for what is no JSON
 */
export function inEnvelope(
  envelope: Envelope,
  from: string,
): Omit<Signed, "bundle" | "hasCertificate"> {
  const { payload, payloadType, signatures } = envelope;
  const message = preAuthEncoding(envelope);
  const isStatement = payloadType === IN_TOTO;
  const statement = isStatement
    ? statementIn(parseJson(payload, from, MAX_SIGNED_BYTES))
    : undefined;
  const { about = [], predicateType = "" } = statement ?? {};
  return {
    from,
    about,
    predicateType: predicateType === SIGN_PREDICATE ? undefined : predicateType,
    message,
    signatures,
  };
}
