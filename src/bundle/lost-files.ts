import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import { collect } from "../content/content.ts";
import {
  blobPath,
  formatIndexFile,
  INDEX_FILE,
  LAYOUT_CONTENT,
  LAYOUT_FILE,
} from "../oci/image-layout.ts";
import { CONTENTS_FILE, MAX_CONTENTS_BYTES, parseContentsDocument } from "./format.ts";
import { indexEntry } from "./assemble.ts";
import { inMemory, REPAIR_HINT, type Mending } from "./mending.ts";

/**
 * Makes `oci-layout` and `index.json` again where they were lost; they count only if they come out
 * with the sums that the list has.
 */
export async function rebuildLost(mending: Mending): Promise<Finding[]> {
  const { sums, entries } = mending;
  const findings: Finding[] = [];
  for (const [path, make] of [
    [LAYOUT_FILE, async () => LAYOUT_CONTENT],
    [INDEX_FILE, () => indexOf(mending)],
  ] as const) {
    if (entries.has(path) || !sums.has(path)) continue;
    const bytes = await make();
    const entry = bytes && inMemory(path, Buffer.from(bytes));
    if (entry === undefined || entry.sha256 !== sums.get(path)) continue;
    entries.set(path, entry);
    findings.push(rebuilt(path));
  }
  return findings;
}

/** The index that names what `bundle.json` names; undefined where that is not to be had. */
async function indexOf({ view, entries }: Mending): Promise<Buffer | undefined> {
  const document = entries.get(CONTENTS_FILE);
  if (document === undefined || document.size > MAX_CONTENTS_BYTES) return undefined;
  if (!view.canOpen(document)) return undefined;
  try {
    const { artifacts } = parseContentsDocument(await collect(view.open(document)));
    const roots = artifacts.map((artifact) => {
      const size = entries.get(blobPath(artifact.digest))?.size ?? 0;
      return indexEntry({ ...artifact, size }, artifact);
    });
    return formatIndexFile(roots);
  } catch (error) {
    // Whoever reads bundle.json next says what is wrong with it.
    if (error instanceof DrayError && error.kind === "refused") return undefined;
    throw error;
  }
}

function rebuilt(path: string): Finding {
  return {
    code: "ENTRY_REBUILT",
    severity: "info",
    entry: path,
    message: `${path} was lost on the way; it was made again, and the list proves that it is the same`,
    hint: `Was this unpacked with --strip-components? ${REPAIR_HINT}`,
  };
}
