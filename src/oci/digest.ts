import { createHash, type Hash } from "node:crypto";
import { DrayError } from "../errors.ts";

declare const brand: unique symbol;

/**
 * `algorithm:encoded`, checked. Only sha256 and sha512 exist here: what cannot be verified must not
 * be carried.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
 */
export type Digest = string & { readonly [brand]: "Digest" };

export type DigestAlgorithm = "sha256" | "sha512";

const GRAMMAR = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const ENCODED: Record<DigestAlgorithm, RegExp> = {
  sha256: /^[a-f0-9]{64}$/,
  sha512: /^[a-f0-9]{128}$/,
};

/** @throws DrayError `DRAY_DIGEST_INVALID`, `DRAY_DIGEST_UNSUPPORTED` */
export function parseDigest(text: string): Digest {
  const quoted = JSON.stringify(text.slice(0, 160));
  if (!GRAMMAR.test(text)) {
    throw new DrayError(
      "DRAY_DIGEST_INVALID",
      `Cannot read digest ${quoted}: expected algorithm:encoded`,
    );
  }
  const [algorithm, encoded] = splitDigest(text);
  if (algorithm !== "sha256" && algorithm !== "sha512") {
    throw new DrayError(
      "DRAY_DIGEST_UNSUPPORTED",
      `Cannot verify digest ${quoted}: expected sha256 or sha512, found ${algorithm}`,
      { hint: "Content whose digest cannot be checked is not carried." },
    );
  }
  if (!ENCODED[algorithm].test(encoded)) {
    throw new DrayError(
      "DRAY_DIGEST_INVALID",
      `Cannot read digest ${quoted}: expected ${algorithm === "sha256" ? 64 : 128} lower-case hexadecimal characters`,
    );
  }
  return text as Digest;
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return splitDigest(digest)[0] as DigestAlgorithm;
}

export function encodedOf(digest: Digest): string {
  return splitDigest(digest)[1];
}

export function hasherFor(digest: Digest): Hash {
  return createHash(algorithmOf(digest));
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}` as Digest;
}

/** The digest that a finished hash stands for. */
export function digestFrom(hash: Hash, algorithm: DigestAlgorithm = "sha256"): Digest {
  return `${algorithm}:${hash.digest("hex")}` as Digest;
}

function splitDigest(text: string): [string, string] {
  const colon = text.indexOf(":");
  return [text.slice(0, colon), text.slice(colon + 1)];
}
