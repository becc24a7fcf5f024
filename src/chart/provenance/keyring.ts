import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DrayError, systemCode } from "../../errors.ts";
import { readPublicKeys } from "./armor.ts";

/** The keyrings of large distributions have a few megabytes. */
const MAX_KEYRING_BYTES = 64 * 1024 * 1024;

/**
 * Lets `use` work with a keyring that gpgv can read. It takes no text, which is how keys are most
 * often handed on: `gpg --export --armor`.
 *
 * @throws DrayError `DRAY_KEYRING_INVALID`
 */
export async function withKeyring<T>(path: string, use: (path: string) => Promise<T>): Promise<T> {
  const bytes = await readKeyring(path);
  if (!bytes.subarray(0, 1024).includes("-----BEGIN PGP")) return use(resolve(path));
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

async function readKeyring(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_KEYRING_BYTES)
      throw invalid(path, `it has more than ${MAX_KEYRING_BYTES} bytes`);
    return await readFile(path);
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT") throw cause;
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
