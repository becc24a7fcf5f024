import { absentOr, z } from "../oci/schema.ts";

/** What an attestation says, and of what kind that is. */
export interface Statement {
  readonly predicateType: string;
  readonly predicate: unknown;
}

const envelopeSchema = z.object({ payload: z.base64() });

/** https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto */
const bundleSchema = z.object({ dsseEnvelope: envelopeSchema });

/** https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md */
const statementSchema = z.object({
  _type: z.string().startsWith("https://in-toto.io/Statement/"),
  predicateType: z.string(),
  predicate: absentOr(z.unknown()),
});

/** The bytes inside an envelope of DSSE, or of a Sigstore bundle around one; undefined for neither. */
export function payloadIn(document: unknown): Buffer | undefined {
  const inBundle = bundleSchema.safeParse(document).data?.dsseEnvelope;
  const envelope = inBundle ?? envelopeSchema.safeParse(document).data;
  return envelope === undefined ? undefined : Buffer.from(envelope.payload, "base64");
}

/** A statement of in-toto; undefined for any other document. Nobody has checked who makes it. */
export function statementIn(document: unknown): Statement | undefined {
  const statement = statementSchema.safeParse(document).data;
  if (statement === undefined) return undefined;
  const { predicateType, predicate } = statement;
  return { predicateType, predicate };
}
