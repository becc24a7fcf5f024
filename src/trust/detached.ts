import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DrayError } from "../errors.ts";
import { readStart } from "./folder.ts";
import type { FoundSignature } from "./policy.ts";

/** More people than ever sign one bundle. */
const MAX_DETACHED = 100;
const MAX_SIGNATURE_BYTES = 64 * 1024;

/** Where the signature of a key over the bundle at `path` lies: beside it. */
export function detachedPath(path: string, keyId: string): string {
  return `${path}.${keyId}.sigstore.json`;
}

/** The signatures that others have put beside a bundle: `BUNDLE.<keyid>.sigstore.json`. */
export async function findDetached(path: string): Promise<readonly FoundSignature[]> {
  const prefix = `${basename(path)}.`;
  const names = (await readdir(dirname(path), { withFileTypes: true }))
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && entry.name.startsWith(prefix))
    .map(({ name }) => name)
    .filter((name) => name.endsWith(".sigstore.json") && !name.startsWith("._"));
  if (names.length > MAX_DETACHED) {
    throw new DrayError(
      "DRAY_SIGNATURE_INVALID",
      `Cannot check ${JSON.stringify(path)}: expected at most ${MAX_DETACHED} signatures beside it, found ${names.length}`,
      { kind: "refused" },
    );
  }
  const found: FoundSignature[] = [];
  for (const name of names.toSorted()) {
    // What is larger is cut, and then it cannot be read as a signature.
    found.push({
      entry: name,
      bytes: await readStart(join(dirname(path), name), MAX_SIGNATURE_BYTES),
    });
  }
  return found;
}
