import { absentOr, listOf, z } from "../../oci/schema.ts";

/** A signature of the public services has one of each; some have two. */
const MAX_WITNESSES = 16;

/** A log of 2^64 entries has no longer path. */
const MAX_PATH = 64;

const MAX_CERTIFICATES = 10;

const MAX_CHECKPOINT = 16 * 1024;

/** The media types of Sigstore bundles, of every version. */
export const BUNDLE_TYPE = /^application\/vnd\.dev\.sigstore\.bundle[.+;=\w]*$/;

const bytes = z.base64();

/** 64 bits, which JSON of protocol buffers writes as a text. */
const integer = z.union([z.int().nonnegative(), z.string().regex(/^\d{1,20}$/)]).transform(String);

/**
 * Who has signed a checkpoint is compared as a pattern by the library that reads it: nothing that means
 * something in a pattern may stand there. https://github.com/transparency-dev/formats/blob/main/log/README.md
 */
const checkpoint = z
  .string()
  .max(MAX_CHECKPOINT)
  .refine(
    (text) => signersOf(text).every((name) => /^[\w./:-]+$/.test(name)),
    "expected plain names of who has signed",
  );

function signersOf(text: string): string[] {
  return [...text.matchAll(/\u2014 (\S+) /g)].map(([, name = ""]) => name);
}

const entrySchema = z.object({
  logIndex: integer.default("0"),
  logId: z.object({ keyId: bytes }),
  kindVersion: z.object({ kind: z.string(), version: z.string() }),
  integratedTime: integer.default("0"),
  inclusionPromise: absentOr(z.object({ signedEntryTimestamp: bytes })),
  inclusionProof: absentOr(
    z.object({
      logIndex: integer.default("0"),
      rootHash: bytes,
      treeSize: integer,
      hashes: z.array(bytes).max(MAX_PATH).default([]),
      checkpoint: z.object({ envelope: checkpoint }),
    }),
  ),
  canonicalizedBody: bytes,
});

const certificate = z.object({ rawBytes: bytes });

/** What vouches for a signature: a key or certificate, entries of logs and time stamps. */
const materialSchema = z.object({
  publicKey: absentOr(z.object({ hint: z.string().default("") })),
  certificate: absentOr(certificate),
  x509CertificateChain: absentOr(
    z.object({ certificates: z.array(certificate).min(1).max(MAX_CERTIFICATES) }),
  ),
  tlogEntries: z.array(entrySchema).max(MAX_WITNESSES).default([]),
  timestampVerificationData: absentOr(
    z.object({
      rfc3161Timestamps: z
        .array(z.object({ signedTimestamp: bytes }))
        .max(MAX_WITNESSES)
        .default([]),
    }),
  ),
});

/** https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto */
export const bundleSchema = z.object({
  mediaType: z.string().regex(BUNDLE_TYPE),
  verificationMaterial: materialSchema,
  messageSignature: absentOr(
    z.object({
      messageDigest: z.object({ algorithm: z.string(), digest: bytes }),
      signature: bytes,
    }),
  ),
  dsseEnvelope: absentOr(
    z.object({
      payload: bytes,
      payloadType: z.string(),
      signatures: listOf(z.object({ sig: bytes })),
    }),
  ),
});
