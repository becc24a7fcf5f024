import { createHash } from "node:crypto";
import { DrayError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { parseJson } from "../../oci/json.ts";
import { COSIGN_SIGNATURE } from "../../oci/referrer.ts";
import { z } from "../../oci/schema.ts";
import { bundleSchema } from "./bundle-schema.ts";
import { inEnvelope, MAX_SIGNED_BYTES } from "./read-bundle.ts";
import type { Signed, Unread } from "./signed.ts";
import { envelopeIn } from "./statement.ts";

/** What cosign 2 writes beside a signature, as annotations of its layer. */
const CERTIFICATE = "dev.sigstore.cosign/certificate";
const LOG_ENTRY = "dev.sigstore.cosign/bundle";
const TIME_STAMP = "dev.sigstore.cosign/rfc3161timestamp";

/** Without the chain of certificates, which have to come from those who are trusted. */
const MEDIA_TYPE = "application/vnd.dev.sigstore.bundle+json;version=0.1";

/** https://github.com/sigstore/cosign/blob/v2.6.0/specs/SIGNATURE_SPEC.md */
const payloadSchema = z.object({
  critical: z.object({ image: z.object({ "docker-manifest-digest": z.string() }) }),
});

const logEntrySchema = z.object({
  SignedEntryTimestamp: z.base64(),
  Payload: z.object({
    body: z.base64(),
    integratedTime: z.int().nonnegative(),
    logIndex: z.int().nonnegative(),
    logID: z.hex(),
  }),
});

const timeStampSchema = z.object({ SignedRFC3161Timestamp: z.base64() });

const bodySchema = z.object({ kind: z.string(), apiVersion: z.string() });

/** Reads a layer of what cosign 2 keeps under `.sig`. @throws DrayError for what is no JSON */
export function readCosignSignature(raw: Buffer, layer: Descriptor, from: string): Signed | Unread {
  const payload = payloadSchema.safeParse(parseJson(raw, from));
  const signature = layer.annotations?.[COSIGN_SIGNATURE] ?? "";
  if (!payload.success || signature === "") {
    return { from, problem: "it is no signature as cosign writes them" };
  }
  const digest = createHash("sha256").update(raw).digest("base64");
  const messageSignature = { messageDigest: { algorithm: "SHA2_256", digest }, signature };
  const parts = { about: [payload.data.critical.image["docker-manifest-digest"]], message: raw };
  const signed = { from, ...parts, signatures: [Buffer.from(signature, "base64")] };
  return withMaterial(signed, { messageSignature }, layer);
}

/** Reads a layer of what cosign 2 keeps under `.att`. @throws DrayError for what is no JSON */
export function readCosignAttestation(
  raw: Buffer,
  layer: Descriptor,
  from: string,
): Signed | Unread {
  const document = parseJson(raw, from, MAX_SIGNED_BYTES);
  const envelope = envelopeIn(document);
  if (envelope === undefined) return { from, problem: "it is no envelope of DSSE" };
  return withMaterial(inEnvelope(envelope, from), { dsseEnvelope: document }, layer);
}

/** The annotations of cosign 2 are what a bundle has of the same, in other words. */
function withMaterial(
  signed: Omit<Signed, "bundle" | "hasCertificate">,
  content: object,
  { annotations = {} }: Descriptor,
): Signed | Unread {
  const { from } = signed;
  const material = orProblem(() => materialIn(annotations, from));
  if (typeof material === "string") return { from, problem: material };
  const made = { mediaType: MEDIA_TYPE, verificationMaterial: material, ...content };
  const bundle = bundleSchema.safeParse(made);
  if (!bundle.success) return { from, problem: "what stands beside it is none of cosign" };
  const hasCertificate = bundle.data.verificationMaterial.publicKey === undefined;
  return { ...signed, bundle: bundle.data, hasCertificate };
}

function materialIn(annotations: Readonly<Record<string, string>>, from: string): object {
  const { [CERTIFICATE]: pem, [LOG_ENTRY]: entry, [TIME_STAMP]: stamp } = annotations;
  const who =
    pem === undefined || pem === ""
      ? { publicKey: { hint: "" } }
      : { x509CertificateChain: { certificates: [{ rawBytes: derOf(pem) }] } };
  return {
    ...who,
    tlogEntries: entry === undefined ? [] : [entryOf(entry, from)],
    timestampVerificationData: { rfc3161Timestamps: stamp === undefined ? [] : [stampOf(stamp)] },
  };
}

function derOf(pem: string): string {
  const [, body = ""] =
    /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/.exec(pem) ?? [];
  return body.replaceAll(/\s/g, "");
}

function entryOf(text: string, from: string): object {
  const what = `log entry of ${from}`;
  const { SignedEntryTimestamp, Payload } = logEntrySchema.parse(
    parseJson(Buffer.from(text), what),
  );
  const { body, integratedTime, logIndex, logID } = Payload;
  const stated = bodySchema.parse(parseJson(Buffer.from(body, "base64"), what));
  return {
    logIndex,
    logId: { keyId: Buffer.from(logID, "hex").toString("base64") },
    kindVersion: { kind: stated.kind, version: stated.apiVersion },
    integratedTime,
    inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
    canonicalizedBody: body,
  };
}

function stampOf(text: string): object {
  const parsed = timeStampSchema.parse(parseJson(Buffer.from(text), "time stamp"));
  return { signedTimestamp: parsed.SignedRFC3161Timestamp };
}

/** What was made, or why it could not be. */
function orProblem<T>(make: () => T): T | string {
  try {
    return make();
  } catch (error) {
    if (error instanceof DrayError) return error.message;
    if (error instanceof z.ZodError) return "its log entry or time stamp is none of cosign";
    throw error;
  }
}
