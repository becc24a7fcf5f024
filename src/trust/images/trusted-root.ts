import { createHash } from "node:crypto";
import type { SignedEntity, TrustMaterial, Verifier } from "@sigstore/verify";
import { parseAs, z } from "../../oci/schema.ts";
import { hashesOf, isSignedWith, type ImageKey } from "./image-key.ts";
import { readRootFile, refusedRoot, type Carried, type RootPlace } from "./root-file.ts";
import type { Signed } from "./signed.ts";

/** Who has signed, and who has said so. */
interface Identity {
  readonly name: string;
  readonly issuer: string;
}

/** Authorities and logs whose word counts. What they have said is in what was signed: none is asked. */
export interface TrustedRoot {
  /** Where it was read, for messages. */
  readonly from: string;
  /** Whose certificate it is, or why that is not proven. */
  readonly identify: (signed: Signed) => Identity | string;
  /** Why a log or time stamp does not vouch for what a key has signed; undefined if one does. */
  readonly doubt: (signed: Signed, key: ImageKey) => string | undefined;
}

/** https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_trustroot.proto */
const rootSchema = z.looseObject({
  mediaType: z.string().regex(/^application\/vnd\.dev\.sigstore\.trustedroot[.+;=\w]*$/),
});

/** @throws DrayError as `readRootFile` does */
export async function readTrustedRoot(place: RootPlace, carried: Carried): Promise<TrustedRoot> {
  const file = await readRootFile(place, carried);
  const document = parseAs(rootSchema, file.document, file);
  // Whoever has no policy does not wait for what reads certificates.
  const { bundleFromJSON } = await import("@sigstore/bundle");
  const { TrustedRoot: Root } = await import("@sigstore/protobuf-specs");
  const sigstore = await import("@sigstore/verify");
  let material: TrustMaterial;
  try {
    material = sigstore.toTrustMaterial(Root.fromJSON(document));
  } catch (cause) {
    const hint =
      "Write one with `cosign trusted-root create`, or take that of the service that signs.";
    throw refusedRoot(file, reasonOf(cause), { cause, hint });
  }
  const verifier = new sigstore.Verifier(material, thresholdsOf(material));
  const entityOf = (signed: Signed): SignedEntity => {
    const entity = sigstore.toSignedEntity(bundleFromJSON(signed.bundle), signed.message);
    return { ...entity, signature: contentOf(entity, signed) };
  };
  return {
    from: file.from,
    identify: (signed) => tried(() => identityIn(verifier, entityOf(signed))),
    doubt: (signed, key) =>
      tried(() => doubtOf(sigstore.Verifier, entityOf(signed), { material, key })),
  };
}

/** What a root names has to have vouched. Without any log the time comes from a time stamp alone. */
function thresholdsOf({ tlogs, ctlogs }: TrustMaterial): {
  tlogThreshold: number;
  ctlogThreshold: number;
  timestampThreshold: number;
} {
  return {
    tlogThreshold: tlogs.length > 0 ? 1 : 0,
    ctlogThreshold: ctlogs.length > 0 ? 1 : 0,
    timestampThreshold: 1,
  };
}

function identityIn(verifier: Verifier, entity: SignedEntity): Identity | string {
  const { identity } = verifier.verify(entity);
  const name = identity?.subjectAlternativeName;
  const issuer = identity?.extensions?.issuer;
  if (name === undefined || issuer === undefined) return "its certificate names no identity";
  return { name, issuer };
}

function doubtOf(
  Class: typeof Verifier,
  entity: SignedEntity,
  { material, key }: { material: TrustMaterial; key: ImageKey },
): undefined {
  const publicKey = () => ({ publicKey: key.key, validFor: () => true });
  new Class({ ...material, publicKey }, thresholdsOf(material)).verify(entity);
  return undefined;
}

/** What was signed, where the library knows one hash for every key and every entry of a log. */
function contentOf({ signature }: SignedEntity, { message }: Signed): SignedEntity["signature"] {
  return {
    signature: signature.signature,
    compareSignature: (other) => signature.compareSignature(other),
    // Rekor 2 has an envelope's entry by the hash of what was signed, and not of the payload.
    compareDigest: (digest) => signature.compareDigest(digest) || isHashOf(message, digest),
    verifySignature: (key) => {
      const hashes = hashesOf(key) ?? [];
      return isSignedWith({ key, hashes }, message, signature.signature);
    },
  };
}

function isHashOf(message: Buffer, digest: Buffer): boolean {
  const hashes = ["sha256", "sha384", "sha512"];
  return hashes.some((hash) => createHash(hash).update(message).digest().equals(digest));
}

/** Whatever a stranger's bytes make the library throw is a reason not to take them. */
function tried<T>(check: () => T): T | string {
  try {
    return check();
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
