import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import { DrayError } from "../errors.ts";
import { encryptPrivateKey, toPem } from "./encrypt-key.ts";

/** How a key signs: ECDSA on P-256 over SHA-256, or Ed25519 over the message itself. */
export type KeyKind = "p256" | "ed25519";

export interface PublicKey {
  readonly kind: KeyKind;
  /** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal. */
  readonly id: string;
  /** Where it was read, for messages. */
  readonly from: string;
  readonly key: KeyObject;
}

export interface PrivateKey {
  readonly kind: KeyKind;
  /** The id of the public half. */
  readonly id: string;
  readonly key: KeyObject;
  readonly publicKey: PublicKey;
}

export interface KeyPairPem {
  readonly privateKey: string;
  readonly publicKey: string;
  readonly id: string;
}

/** A new P-256 pair: PKCS#8, encrypted when there is a passphrase, and SubjectPublicKeyInfo. */
export function generateKeyPair(passphrase: string | undefined): KeyPairPem {
  const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const plain = pair.privateKey.export({ type: "pkcs8", format: "der" });
  return {
    privateKey:
      passphrase === undefined
        ? toPem("PRIVATE KEY", plain)
        : toPem("ENCRYPTED PRIVATE KEY", encryptPrivateKey(plain, passphrase)),
    publicKey: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
    id: keyId(pair.publicKey),
  };
}

/**
 * Reads a private key in PEM; `from` names its place in errors.
 * @throws DrayError `DRAY_KEY_INVALID`, `DRAY_KEY_UNSUPPORTED`, `DRAY_KEY_LOCKED`
 */
export function parsePrivateKey(
  pem: string,
  { from, passphrase }: { from: string; passphrase?: string | undefined },
): PrivateKey {
  if (pem.includes("ENCRYPTED SIGSTORE PRIVATE KEY") || pem.includes("ENCRYPTED COSIGN")) {
    throw new DrayError(
      "DRAY_KEY_UNSUPPORTED",
      `Cannot read private key ${JSON.stringify(from)}: it is in cosign's own encryption`,
      {
        kind: "usage",
        hint: "Sign with the PKCS#8 key that was given to `cosign import-key-pair`.",
      },
    );
  }
  requireOne(pem, from);
  if (/BEGIN (?:PUBLIC KEY|CERTIFICATE)/.test(pem)) {
    throw new DrayError(
      "DRAY_KEY_INVALID",
      `Cannot read private key ${JSON.stringify(from)}: it is a public key`,
      { kind: "usage", hint: "Name the private half, which `dray keygen` calls NAME.key." },
    );
  }
  if (isEncrypted(pem) && passphrase === undefined) throw locked(from, "it has a passphrase");
  const key = isEncrypted(pem)
    ? unlock(from, () => createPrivateKey({ key: pem, passphrase }))
    : tryKey(from, () => createPrivateKey(pem));
  const publicKey = parsePublic(createPublicKey(key), from);
  return { kind: publicKey.kind, id: publicKey.id, key, publicKey };
}

export function isEncrypted(pem: string): boolean {
  return pem.includes("ENCRYPTED");
}

/**
 * Reads a public key in PEM, as `dray keygen`, `openssl` and `cosign` write it.
 * @throws DrayError `DRAY_KEY_INVALID`, `DRAY_KEY_UNSUPPORTED`
 */
export function parsePublicKey(pem: string, from: string): PublicKey {
  return parsePublic(readPublicPem(pem, from), from);
}

/** A public key of whatever kind. @throws DrayError `DRAY_KEY_INVALID` */
export function readPublicPem(pem: string, from: string): KeyObject {
  if (pem.includes("PRIVATE KEY")) {
    throw new DrayError(
      "DRAY_KEY_INVALID",
      `Cannot read public key ${JSON.stringify(from)}: it is a private key`,
      { kind: "usage", hint: "Name the public half, and keep the private one off this host." },
    );
  }
  requireOne(pem, from);
  return tryKey(from, () => createPublicKey(pem));
}

/** Of several keys the library below reads the first, and nobody would learn of the others. */
function requireOne(pem: string, from: string): void {
  const blocks = pem.match(/^-----BEGIN [A-Z0-9 ]*(?:KEY|CERTIFICATE)-----/gm) ?? [];
  if (blocks.length <= 1) return;
  throw new DrayError(
    "DRAY_KEY_INVALID",
    `Cannot read key ${JSON.stringify(from)}: expected one key, found ${blocks.length}`,
    { kind: "usage", hint: "Put each key into a file of its own." },
  );
}

/** DER for P-256, 64 bytes for Ed25519. */
export function signMessage(key: PrivateKey, message: Uint8Array): Buffer {
  return sign(key.kind === "p256" ? "sha256" : null, message, key.key);
}

export function isSignedBy(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  return verify(key.kind === "p256" ? "sha256" : null, message, key.key, signature);
}

function parsePublic(key: KeyObject, from: string): PublicKey {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ed25519") return { kind: "ed25519", id: keyId(key), from, key };
  if (curve === "prime256v1") return { kind: "p256", id: keyId(key), from, key };
  throw new DrayError(
    "DRAY_KEY_UNSUPPORTED",
    `Cannot use key ${JSON.stringify(from)}: expected P-256 or Ed25519, found ${curve ?? key.asymmetricKeyType ?? "something else"}`,
    { kind: "usage" },
  );
}

/** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal. */
export function keyId(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}

function tryKey(from: string, create: () => KeyObject): KeyObject {
  try {
    return create();
  } catch (cause) {
    throw new DrayError(
      "DRAY_KEY_INVALID",
      `Cannot read key ${JSON.stringify(from)}: expected a key in PEM, found something else`,
      {
        kind: "usage",
        cause,
        hint: "Keys of `dray keygen`, openssl and cosign begin with -----BEGIN.",
      },
    );
  }
}

/** A wrong passphrase may well decrypt to something: whatever fails then, fails for that reason. */
function unlock(from: string, create: () => KeyObject): KeyObject {
  try {
    return create();
  } catch {
    throw locked(from, "wrong passphrase, or a damaged file");
  }
}

function locked(from: string, reason: string): DrayError {
  return new DrayError(
    "DRAY_KEY_LOCKED",
    `Cannot open private key ${JSON.stringify(from)}: ${reason}`,
    {
      kind: "usage",
      hint: "Give it with DRAY_KEY_PASSPHRASE, with --passphrase-file, or at the prompt.",
    },
  );
}
