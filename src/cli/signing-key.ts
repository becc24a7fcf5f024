import type { PrivateKey } from "../index.ts";
import type { Io } from "./io.ts";
import { askPassphrase, canAsk, givenPassphrase, type PassphraseFlags } from "./passphrase.ts";

/** Reads a private key, asking for its passphrase where it has one and none was given. */
export async function readSigningKey(
  path: string,
  flags: PassphraseFlags,
  io: Io,
): Promise<PrivateKey> {
  const { isEncrypted, parsePrivateKey, readKeyFile } = await import("../index.ts");
  const pem = await readKeyFile(path);
  let passphrase = isEncrypted(pem) ? await givenPassphrase(flags, io) : undefined;
  if (isEncrypted(pem) && passphrase === undefined && canAsk(io)) {
    passphrase = await askPassphrase(`Passphrase of ${path}: `, io);
  }
  return parsePrivateKey(pem, { from: path, passphrase });
}
