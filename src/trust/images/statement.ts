import { absentOr, listOf, z } from "../../oci/schema.ts";

/** What an attestation says, and of what kind that is. */
export interface Statement {
  readonly predicateType: string;
  readonly predicate: unknown;
  /** Digests of what it is about: `sha256:…`. */
  readonly about: readonly string[];
}

/** What somebody has signed, with its type and the signatures. https://github.com/secure-systems-lab/dsse */
export interface Envelope {
  readonly payload: Buffer;
  /** Empty where the envelope names none. */
  readonly payloadType: string;
  readonly signatures: readonly Buffer[];
}

const base64 = z.base64().transform((text) => Buffer.from(text, "base64"));

/** More people than ever sign one statement. */
const MAX_SIGNATURES = 32;

const envelopeSchema = z
  .object({
    payload: base64,
    payloadType: z.string().default(""),
    signatures: z
      .array(z.object({ sig: base64 }))
      .max(MAX_SIGNATURES)
      .default([]),
  })
  .transform(({ signatures, ...rest }) => ({ ...rest, signatures: signatures.map((s) => s.sig) }));

/** https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto */
const bundleSchema = z.object({ dsseEnvelope: envelopeSchema });

/** https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md */
const statementSchema = z.object({
  _type: z.string().startsWith("https://in-toto.io/Statement/"),
  predicateType: z.string(),
  predicate: absentOr(z.unknown()),
  subject: listOf(z.object({ digest: absentOr(z.record(z.string(), z.string())) })),
});

/** An envelope of DSSE, or that in a Sigstore bundle; undefined for neither. */
export function envelopeIn(document: unknown): Envelope | undefined {
  const inBundle = bundleSchema.safeParse(document).data?.dsseEnvelope;
  return inBundle ?? envelopeSchema.safeParse(document).data;
}

/** A statement of in-toto; undefined for any other document. Nobody has checked who makes it. */
export function statementIn(document: unknown): Statement | undefined {
  const statement = statementSchema.safeParse(document).data;
  if (statement === undefined) return undefined;
  const { predicateType, predicate, subject } = statement;
  const about = subject.flatMap(({ digest = {} }) =>
    Object.entries(digest).map(([algorithm, hex]) => `${algorithm}:${hex}`),
  );
  return { predicateType, predicate, about };
}

/**
 * The bytes that a signature over an envelope is made over.
 * https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md
 */
export function preAuthEncoding({ payload, payloadType }: Envelope): Buffer {
  const type = Buffer.from(payloadType);
  const head = Buffer.from(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  return Buffer.concat([head, payload]);
}
