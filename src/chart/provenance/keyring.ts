import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isMissing, readSmallFile } from "../../content/small-file.ts";
import { DrayError } from "../../errors.ts";
import { readPublicKeys } from "./armor.ts";

/** The keyrings of large distributions have a few megabytes. */
const MAX_KEYRING_BYTES = 64 * 1024 * 1024;

/** First bytes of a public key as OpenPGP writes it, in the old form and in the new (RFC 9580, 4.2). */
const PUBLIC_KEY = [0x98, 0x99, 0x9a, 0xc6];
/** And of one that should not be shown around. */
const SECRET_KEY = [0x94, 0x95, 0x96, 0xc5];
/** Where GnuPG's own form of a keyring says what it is. */
const KEYBOX = { at: 8, sign: "KBXf" } as const;

/**
 * Looks into a keyring before there is anything to check with it.
 * @throws DrayError `DRAY_KEYRING_INVALID` for what holds no public keys
 */
export async function requireKeyring(path: string): Promise<void> {
  const bytes = await readKeyring(path);
  const { at, sign } = KEYBOX;
  if (bytes.subarray(at, at + sign.length).toString("latin1") === sign) return;
  const keys = isArmored(bytes) ? readPublicKeys(bytes.toString("latin1")) : bytes;
  const [first = 0] = keys;
  if (PUBLIC_KEY.includes(first)) return;
  const isSecret = SECRET_KEY.includes(first) || bytes.includes("PGP PRIVATE KEY BLOCK");
  const found = bytes.length === 0 ? "an empty file" : "something else";
  throw invalid(
    path,
    `expected public keys of OpenPGP, found ${isSecret ? "a private one" : found}`,
  );
}

/**
 * Lets `use` work with a keyring that gpgv can read. It takes no text, which is how keys are most
 * often handed on: `gpg --export --armor`.
 *
 * @throws DrayError `DRAY_KEYRING_INVALID`
 */
export async function withKeyring<T>(path: string, use: (path: string) => Promise<T>): Promise<T> {
  const bytes = await readKeyring(path);
  if (!isArmored(bytes)) return use(resolve(path));
  const directory = await mkdtemp(join(tmpdir(), "dray-keyring-"));
  try {
    const file = join(directory, "keyring.gpg");
    const keys = readPublicKeys(bytes.toString("latin1"));
    if (keys.length === 0) throw invalid(path, "expected public keys");
    await writeFile(file, keys, { mode: 0o600 });
    return await use(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function isArmored(bytes: Buffer): boolean {
  return bytes.subarray(0, 1024).includes("-----BEGIN PGP");
}

async function readKeyring(path: string): Promise<Buffer> {
  try {
    return await readSmallFile(path, { what: "keyring", maxBytes: MAX_KEYRING_BYTES });
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw invalid(path, "no such file");
  }
}

function invalid(path: string, reason: string): DrayError {
  return new DrayError(
    "DRAY_KEYRING_INVALID",
    `Cannot read keyring ${JSON.stringify(path)}: ${reason}`,
    { kind: "usage", hint: "`gpg --export NAME > keyring.gpg` writes one." },
  );
}
