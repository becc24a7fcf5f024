import { parseJson } from "../oci/json.ts";
import { z } from "../oci/schema.ts";
import { DrayError } from "../errors.ts";
import type { KeyKind } from "./keys.ts";

/** What `cosign sign-blob --bundle` writes, as far as it is needed. */
const bundleSchema = z.object({ messageSignature: z.object({ signature: z.base64() }) });

/** Everything that a program may have meant by what it printed, as signatures of this kind of key. */
export function signaturesIn(printed: Buffer, kind: KeyKind): Buffer[] {
  const text = printed.toString("latin1").trim();
  const body = PEM.exec(text)?.[1] ?? text;
  const words = [body.replaceAll(/\s/g, ""), ...text.split("\n").map((line) => line.trim())];
  const decoded = words.filter((word) => BASE64.test(word)).map(fromBase64);
  return [printed, ...decoded, ...inBundle(printed)].flatMap((bytes) => asSignature(bytes, kind));
}

/** https://www.rfc-editor.org/rfc/rfc7468 */
const PEM = /-----BEGIN [A-Z0-9 ]*-----([^-]*)-----END/;

/** Of either alphabet. */
const BASE64 = /^[A-Za-z0-9+/_-]{40,}={0,2}$/;

function fromBase64(word: string): Buffer {
  return Buffer.from(word, "base64");
}

function inBundle(printed: Buffer): Buffer[] {
  try {
    const bundle = bundleSchema.safeParse(parseJson(printed, "what was printed")).data;
    return bundle === undefined ? [] : [fromBase64(bundle.messageSignature.signature)];
  } catch (error) {
    if (error instanceof DrayError) return [];
    throw error;
  }
}

/** The two numbers of a signature on P-256, or a signature of Ed25519. */
const PLAIN_BYTES = 64;

function asSignature(bytes: Buffer, kind: KeyKind): Buffer[] {
  if (bytes.length === PLAIN_BYTES) return [kind === "p256" ? derOf(bytes) : bytes];
  return kind === "p256" && isDer(bytes) ? [bytes] : [];
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** A sequence of two integers is what ECDSA signs with. https://www.rfc-editor.org/rfc/rfc3279#section-2.2.3 */
function isDer(bytes: Buffer): boolean {
  return bytes[0] === SEQUENCE && bytes[1] === bytes.length - 2 && bytes[2] === INTEGER;
}

function derOf(plain: Buffer): Buffer {
  const half = PLAIN_BYTES / 2;
  const numbers = Buffer.concat([integer(plain.subarray(0, half)), integer(plain.subarray(half))]);
  return Buffer.concat([Buffer.from([SEQUENCE, numbers.length]), numbers]);
}

/** Without zeros in front, but with one where the first bit would be a sign. */
function integer(bytes: Buffer): Buffer {
  const start = Math.max(
    0,
    bytes.findIndex((byte) => byte !== 0),
  );
  const shortest = bytes.subarray(start);
  const padded = (shortest[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), shortest]) : shortest;
  return Buffer.concat([Buffer.of(INTEGER, padded.length), padded]);
}
