import type { SignedEntity, TrustMaterial, Verifier } from "@sigstore/verify";
import { DrayError, unreadable } from "../../errors.ts";
import { parseJson } from "../../oci/json.ts";
import { parseAs, z } from "../../oci/schema.ts";
import { NotRegular, readStart } from "../folder.ts";
import { isSignedWith, type ImageKey } from "./image-key.ts";
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

/** That of the public services has some ten kilobytes. */
const MAX_ROOT_BYTES = 4 * 1024 * 1024;

/** https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_trustroot.proto */
const rootSchema = z.looseObject({
  mediaType: z.string().regex(/^application\/vnd\.dev\.sigstore\.trustedroot[.+;=\w]*$/),
});

/** @throws DrayError `DRAY_TRUSTED_ROOT_INVALID`, `DRAY_JSON_INVALID` */
export async function readTrustedRoot(path: string): Promise<TrustedRoot> {
  const what = `the trusted root ${JSON.stringify(path)}`;
  const bytes = await readRoot(path, what);
  const about = { what, code: "DRAY_TRUSTED_ROOT_INVALID", kind: "usage" } as const;
  const document = parseAs(rootSchema, jsonOf(bytes, what), about);
  // Whoever has no policy does not wait for what reads certificates.
  const { bundleFromJSON } = await import("@sigstore/bundle");
  const { TrustedRoot: Root } = await import("@sigstore/protobuf-specs");
  const sigstore = await import("@sigstore/verify");
  let material: TrustMaterial;
  try {
    material = sigstore.toTrustMaterial(Root.fromJSON(document));
  } catch (cause) {
    throw new DrayError("DRAY_TRUSTED_ROOT_INVALID", `Cannot read ${what}: ${reasonOf(cause)}`, {
      kind: "usage",
      cause,
      hint: "Write one with `cosign trusted-root create`, or take that of the service that signs.",
    });
  }
  const verifier = new sigstore.Verifier(material, thresholdsOf(material));
  const entityOf = ({ bundle, message }: Signed): SignedEntity =>
    sigstore.toSignedEntity(bundleFromJSON(bundle), message);
  return {
    from: path,
    identify: (signed) => tried(() => identityIn(verifier, entityOf(signed))),
    doubt: (signed, key) =>
      tried(() => doubtOf(sigstore.Verifier, entityOf(signed), { material, key, signed })),
  };
}

async function readRoot(path: string, what: string): Promise<Buffer> {
  try {
    return await readStart(path, MAX_ROOT_BYTES);
  } catch (cause) {
    if (!(cause instanceof NotRegular)) throw unreadable(cause, "trusted root", path) ?? cause;
    const message = `Cannot read ${what}: ${cause.message}`;
    throw new DrayError("DRAY_TRUSTED_ROOT_INVALID", message, { kind: "usage", cause });
  }
}

function jsonOf(bytes: Buffer, what: string): unknown {
  try {
    return parseJson(bytes, what, MAX_ROOT_BYTES);
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    const hint = "Write one with `cosign trusted-root create`, or take that of the service.";
    throw new DrayError("DRAY_TRUSTED_ROOT_INVALID", cause.message, { kind: "usage", cause, hint });
  }
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
  { material, key, signed }: { material: TrustMaterial; key: ImageKey; signed: Signed },
): undefined {
  const publicKey = () => ({ publicKey: key.key, validFor: () => true });
  const verifier = new Class({ ...material, publicKey }, thresholdsOf(material));
  const { signature } = entity;
  // The library knows one hash for every key.
  const verifySignature = (): boolean => isSignedWith(key, signed.message, signature.signature);
  const checked = {
    signature: signature.signature,
    compareDigest: (digest: Buffer) => signature.compareDigest(digest),
    compareSignature: (other: Buffer) => signature.compareSignature(other),
    verifySignature,
  };
  verifier.verify({ ...entity, signature: checked });
  return undefined;
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
