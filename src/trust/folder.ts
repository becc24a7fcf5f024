import { readdir, stat } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import { NotRegular, readStart } from "../content/small-file.ts";
import { DrayError, systemCode, unreadable } from "../errors.ts";
import { parsePublicKey, type PublicKey } from "./keys.ts";

/** A PEM file with one key has a few hundred bytes. */
const MAX_KEY_FILE_BYTES = 64 * 1024;

/** Reads one public key. @throws DrayError `DRAY_KEY_NOT_FOUND`, `DRAY_KEY_INVALID` */
export async function readPublicKey(path: string): Promise<PublicKey> {
  return parsePublicKey(await readKeyFile(path), path);
}

/** The keys (`*.pub`, `*.pem`) of a trust folder, by file name; none if there is no folder. */
export async function readTrustFolder(folder: string): Promise<readonly PublicKey[]> {
  const keys: PublicKey[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    keys.push(parsePublicKey(await readKeyFile(path, { pipe: false }), path));
  }
  return keys;
}

const NO_KEY_HINT =
  "Check the path: it counts from the directory that dray runs in. `dray keygen NAME` makes NAME.key and NAME.pub.";

/**
 * The text of a key file, or of what comes out of a pipe that the user has named.
 * @throws DrayError `DRAY_KEY_NOT_FOUND`, `DRAY_KEY_INVALID`
 */
export async function readKeyFile(path: string, { pipe = true } = {}): Promise<string> {
  const fail = (
    code: "DRAY_KEY_NOT_FOUND" | "DRAY_KEY_INVALID",
    reason: string,
    cause?: unknown,
  ): DrayError =>
    new DrayError(code, `Cannot read key ${JSON.stringify(path)}: ${reason}`, {
      kind: "usage",
      cause,
      hint: code === "DRAY_KEY_NOT_FOUND" ? NO_KEY_HINT : undefined,
    });
  try {
    const bytes = await readStart(path, MAX_KEY_FILE_BYTES, { pipe });
    if (bytes.length <= MAX_KEY_FILE_BYTES) return bytes.toString("utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") {
      throw fail("DRAY_KEY_NOT_FOUND", "no such file", cause);
    }
    if (cause instanceof NotRegular) throw fail("DRAY_KEY_INVALID", cause.message, cause);
    throw unreadable(cause, "key", path) ?? cause;
  }
  throw fail("DRAY_KEY_INVALID", "it is too large");
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    // What begins with a dot is a desktop's or an editor's, such as macOS's `._release.pub`.
    return names.filter((name) => /^[^.].*\.(?:pub|pem)$/.test(name)).toSorted();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw unreadable(error, "trust folder", folder) ?? error;
  }
}

/** True if every account of this host can read the file; systems without such a mode have none. */
export async function isReadableByAll(path: string): Promise<boolean> {
  return platform() !== "win32" && ((await stat(path)).mode & 0o004) !== 0;
}
