import { createHash } from "node:crypto";
import { entryPath } from "../archive/entry-path.ts";
import type { Entry } from "../archive/scan.ts";
import type { Bytes } from "../content/content.ts";
import type { Sums } from "./sums.ts";
import type { BundleView } from "./view.ts";

/** A bundle while it is put right: `entries` is what there is so far. */
export interface Mending {
  readonly view: BundleView;
  readonly sums: Sums;
  readonly entries: Map<string, Entry>;
}

/** What to do about a bundle that was taken although its carrier has changed it. */
export const REPAIR_HINT =
  "It can be used as it is. `dray unpack --repair BUNDLE DIR` writes a clean copy.";

/** A file that was made again. */
export function inMemory(path: string, bytes: Buffer): Entry {
  const checked = entryPath(path);
  if ("problem" in checked) throw new Error(`${path} is made again: ${checked.problem}`);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return {
    path: checked.path,
    size: bytes.length,
    position: 0,
    sha256,
    sha512: undefined,
    bytes,
  };
}

/** SHA-256 in hexadecimal. */
export async function sumOf(content: Bytes): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of content) hash.update(piece);
  return hash.digest("hex");
}
