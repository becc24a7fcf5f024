import { createHash } from "node:crypto";
import { parseJson } from "../oci/json.ts";
import { parseAs, z } from "../oci/schema.ts";
import { type PrivateKey, signMessage } from "./keys.ts";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DrayError } from "../errors.ts";
import { NotRegular, readStart } from "../content/small-file.ts";

/** https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto */
const MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** A signature and its key's hint take a few hundred bytes; certificates a few thousand. */
const MAX_BYTES = 64 * 1024;

/** A signature over a message that is not inside, made with a key and no certificate. */
export interface DetachedSignature {
  /** What the signer called the key; not proof of anything. */
  readonly hint: string;
  readonly signature: Buffer;
  /** SHA-256 of the message that was signed, as the bundle states it. */
  readonly messageSha256: string;
}

const base64 = z.base64().transform((text) => Buffer.from(text, "base64"));

const schema = z.object({
  mediaType: z.string().regex(/^application\/vnd\.dev\.sigstore\.bundle(\.v0\.3)?\+json/),
  verificationMaterial: z.object({ publicKey: z.object({ hint: z.string().default("") }) }),
  messageSignature: z.object({
    messageDigest: z.object({ algorithm: z.literal("SHA2_256"), digest: base64 }),
    signature: base64,
  }),
});

/** A signature, alone and as a Sigstore bundle. */
export interface MadeSignature {
  readonly bundle: Buffer;
  readonly signature: Buffer;
}

/** Signs `message` with a key that is here. */
export function signDetached(key: PrivateKey, message: Uint8Array): MadeSignature {
  return asDetached(key.id, message, signMessage(key, message));
}

/** A signature that somebody has made, as a Sigstore bundle too. */
export function asDetached(keyId: string, message: Uint8Array, signature: Buffer): MadeSignature {
  const bundle = {
    mediaType: MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: keyId } },
    messageSignature: {
      messageDigest: {
        algorithm: "SHA2_256",
        digest: createHash("sha256").update(message).digest("base64"),
      },
      signature: signature.toString("base64"),
    },
  };
  return { bundle: Buffer.from(`${JSON.stringify(bundle, undefined, 2)}\n`), signature };
}

/** @throws DrayError `DRAY_SIGNATURE_INVALID`, `DRAY_JSON_INVALID` */
export function parseDetached(bytes: Uint8Array, what: string): DetachedSignature {
  const value = parseJson(bytes, what, MAX_BYTES);
  const { verificationMaterial, messageSignature } = parseAs(schema, value, {
    what,
    code: "DRAY_SIGNATURE_INVALID",
  });
  return {
    hint: verificationMaterial.publicKey.hint,
    signature: messageSignature.signature,
    messageSha256: messageSignature.messageDigest.digest.toString("hex"),
  };
}

/** A signature as it was found: inside the bundle or in a file beside it. */
export interface FoundSignature {
  readonly entry: string;
  readonly bytes: Buffer;
}

/** More people than ever sign one bundle. */
const MAX_DETACHED = 100;
const MAX_SIGNATURE_BYTES = 64 * 1024;

/** Where the signature of a key over the bundle at `path` lies: beside it. */
export function detachedPath(path: string, keyId: string): string {
  return `${path}.${keyId}.sigstore.json`;
}

/** The signatures that others have put beside a bundle: `BUNDLE.<keyid>.sigstore.json`. */
export async function findDetached(path: string): Promise<readonly FoundSignature[]> {
  const prefix = `${basename(path)}.`;
  const names = (await readdir(dirname(path), { withFileTypes: true }))
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && entry.name.startsWith(prefix))
    .map(({ name }) => name)
    .filter((name) => name.endsWith(".sigstore.json") && !name.startsWith("._"));
  if (names.length > MAX_DETACHED) {
    throw new DrayError(
      "DRAY_SIGNATURE_INVALID",
      `Cannot check ${JSON.stringify(path)}: expected at most ${MAX_DETACHED} signatures beside it, found ${names.length}`,
      { kind: "refused" },
    );
  }
  const found: FoundSignature[] = [];
  for (const entry of names.toSorted()) {
    found.push({ entry, bytes: await readSignature(join(dirname(path), entry)) });
  }
  return found;
}

/** What is larger is cut, and then it cannot be read as a signature. */
async function readSignature(path: string): Promise<Buffer> {
  try {
    return await readStart(path, MAX_SIGNATURE_BYTES);
  } catch (cause) {
    if (!(cause instanceof NotRegular)) throw cause;
    throw new DrayError(
      "DRAY_SIGNATURE_INVALID",
      `Cannot read the signature ${JSON.stringify(path)} beside the bundle: ${cause.message}`,
      { kind: "refused", cause, hint: "Remove it: nobody has signed with it." },
    );
  }
}
