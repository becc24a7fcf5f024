import { rm, writeFile } from "node:fs/promises";
import { DrayError, systemCode } from "../errors.ts";
import { generateKeyPair } from "../trust/keys.ts";

export interface KeygenResult {
  readonly privateKey: string;
  readonly publicKey: string;
  readonly keyId: string;
}

/**
 * Makes a key pair: `NAME.key`, which only its owner can read, and `NAME.pub`. Never overwrites.
 * @throws DrayError `DRAY_FILE_EXISTS`
 */
export async function keygen(name: string, passphrase: string | undefined): Promise<KeygenResult> {
  const pair = generateKeyPair(passphrase);
  const privateKey = `${name}.key`;
  const publicKey = `${name}.pub`;
  await writeNew(privateKey, pair.privateKey, 0o600);
  try {
    await writeNew(publicKey, pair.publicKey, 0o644);
  } catch (error) {
    await rm(privateKey, { force: true });
    throw error;
  }
  return { privateKey, publicKey, keyId: pair.id };
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx", mode });
  } catch (cause) {
    if (systemCode(cause) !== "EEXIST") throw cause;
    throw new DrayError(
      "DRAY_FILE_EXISTS",
      `Cannot write key ${JSON.stringify(path)}: it exists already`,
      {
        kind: "usage",
        cause,
        hint: "Keys are never overwritten. Choose another name.",
      },
    );
  }
}
