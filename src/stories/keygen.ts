import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { isThere, writeNew } from "../content/new-file.ts";
import { requireOwnWay, requirePlace } from "../content/output-place.ts";
import { DrayError } from "../errors.ts";
import { generateKeyPair } from "../trust/keys.ts";

/** The two files of a key pair. */
export interface KeyFiles {
  readonly privateKey: string;
  readonly publicKey: string;
}

export interface KeygenResult extends KeyFiles {
  readonly keyId: string;
}

/**
 * Makes a key pair: `NAME.key`, which only its owner can read, and `NAME.pub`. Never overwrites.
 * @throws DrayError `DRAY_FILE_EXISTS`
 */
export async function keygen(name: string, passphrase: string | undefined): Promise<KeygenResult> {
  const { privateKey, publicKey } = await requireNewKey(name);
  const pair = generateKeyPair(passphrase);
  const file = { what: "key", exists };
  await writeNew(privateKey, { ...file, content: pair.privateKey, mode: 0o600 });
  try {
    await writeNew(publicKey, { ...file, content: pair.publicKey, mode: 0o644 });
  } catch (error) {
    await rm(privateKey, { force: true });
    throw error;
  }
  return { privateKey, publicKey, keyId: pair.id };
}

/** Nothing behind the last directory, or what leads to one. */
const NO_NAME = /(?:^|\/)\.{0,2}$/;

/**
 * Where the keys of `name` will be, for whoever wants to know before they are made.
 * @throws DrayError `DRAY_USAGE`, `DRAY_FILE_EXISTS`, `DRAY_FILE_NOT_FOUND`, `DRAY_OUTPUT_REFUSED`
 */
export async function requireNewKey(name: string): Promise<KeyFiles> {
  if (NO_NAME.test(name)) {
    throw new DrayError(
      "DRAY_USAGE",
      `Cannot write keys as ${JSON.stringify(name)}: expected a name for both files, found none`,
      { kind: "usage", hint: "`dray keygen release` writes release.key and release.pub." },
    );
  }
  const files = { privateKey: `${name}.key`, publicKey: `${name}.pub` };
  await requireOwnWay(files.privateKey, "key");
  for (const path of Object.values(files)) if (await isThere(path, "key")) throw exists(path);
  const directory = dirname(name);
  if (await isThere(directory, "key")) {
    await requirePlace(files.privateKey, "key");
    return files;
  }
  throw new DrayError(
    "DRAY_FILE_NOT_FOUND",
    `Cannot write key ${JSON.stringify(files.privateKey)}: there is no directory ${JSON.stringify(directory)}`,
    { kind: "usage", hint: "Make the directory first." },
  );
}

function exists(path: string, cause?: unknown): DrayError {
  return new DrayError(
    "DRAY_FILE_EXISTS",
    `Cannot write key ${JSON.stringify(path)}: it exists already`,
    { kind: "usage", cause, hint: "Keys are never overwritten. Choose another name." },
  );
}
