import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** What OWASP asks for with SHA-256; the runtime's own export takes 2048. */
const ITERATIONS = 600_000;

/** DER tags: https://www.itu.int/rec/T-REC-X.690 */
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;

// Object identifiers and the one NULL, as they are encoded: https://www.rfc-editor.org/rfc/rfc8018
const PBES2 = Buffer.from("06092a864886f70d01050d", "hex");
const PBKDF2 = Buffer.from("06092a864886f70d01050c", "hex");
const HMAC_SHA256 = Buffer.from("06082a864886f70d02090500", "hex");
const AES_256_CBC = Buffer.from("060960864801650304012a", "hex");

/**
 * A private key in PKCS#8 as `EncryptedPrivateKeyInfo`: PBES2 with PBKDF2 and AES-256-CBC, which openssl
 * and everything built on it reads. https://www.rfc-editor.org/rfc/rfc5958#section-3
 */
export function encryptPrivateKey(pkcs8: Uint8Array, passphrase: string): Buffer {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const key = pbkdf2Sync(passphrase, salt, ITERATIONS, 32, "sha256");
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const encrypted = Buffer.concat([cipher.update(pkcs8), cipher.final()]);
  const derivation = sequence(
    PBKDF2,
    sequence(der(OCTET_STRING, salt), der(INTEGER, integer(ITERATIONS)), sequence(HMAC_SHA256)),
  );
  const encryption = sequence(AES_256_CBC, der(OCTET_STRING, iv));
  const algorithm = sequence(PBES2, sequence(derivation, encryption));
  return sequence(algorithm, der(OCTET_STRING, encrypted));
}

/** https://www.rfc-editor.org/rfc/rfc7468 */
export function toPem(label: string, content: Uint8Array): string {
  const lines =
    Buffer.from(content)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(SEQUENCE, Buffer.concat(parts));
}

/** Tag, length and content; nothing here takes 64 KiB. */
function der(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** Big-endian, with a zero before a first bit that would be the sign. */
function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  const start = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray((bytes[start] ?? 0) >= 0x80 ? start - 1 : start);
}
