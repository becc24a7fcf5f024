import { verify, type KeyObject } from "node:crypto";
import { DrayError } from "../../errors.ts";
import { readKeyFile } from "../folder.ts";
import { keyId, readPublicPem } from "../keys.ts";

/** A key that signs images: more kinds than sign bundles. */
export interface ImageKey {
  /** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal. */
  readonly id: string;
  /** Where it was read, for messages. */
  readonly from: string;
  readonly key: KeyObject;
  /** What the message is hashed with: tools have chosen differently for one kind of key. */
  readonly hashes: readonly (string | null)[];
}

/** What RSA keys are made with nowadays, and less of which counts as broken. */
const MIN_RSA_BITS = 2048;

/**
 * By curve. cosign signs with what belongs to the curve, and verifies with SHA-256 where
 * `--signature-digest-algorithm` says nothing else; others sign with SHA-256 whatever the curve is.
 */
const CURVE_HASHES: ReadonlyMap<string, readonly string[]> = new Map([
  ["prime256v1", ["sha256"]],
  ["secp384r1", ["sha256", "sha384"]],
  ["secp521r1", ["sha256", "sha512"]],
]);

/** @throws DrayError `DRAY_KEY_NOT_FOUND`, `DRAY_KEY_INVALID`, `DRAY_KEY_UNSUPPORTED` */
export async function readImageKey(path: string): Promise<ImageKey> {
  const key = readPublicPem(await readKeyFile(path), path);
  const hashes = hashesOf(key);
  if (hashes !== undefined) return { id: keyId(key), from: path, key, hashes };
  throw new DrayError(
    "DRAY_KEY_UNSUPPORTED",
    `Cannot use key ${JSON.stringify(path)} for signatures of images: expected ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of ${MIN_RSA_BITS} bits and more`,
    { kind: "usage" },
  );
}

/** What signatures with a key may be hashed with; undefined for keys that are none for images. */
export function hashesOf(key: KeyObject): readonly (string | null)[] | undefined {
  const { namedCurve = "", modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "ed25519") return [null];
  if (key.asymmetricKeyType === "rsa") return modulusLength < MIN_RSA_BITS ? undefined : ["sha256"];
  return CURVE_HASHES.get(namedCurve);
}

export function isSignedWith(
  { key, hashes }: Pick<ImageKey, "key" | "hashes">,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return hashes.some((hash) => verify(hash, message, key, signature));
}
