import type { LayoutGraph } from "../content/graph.ts";
import type { Finding } from "../finding.ts";
import { blobPath } from "../oci/image-layout.ts";
import type { BundleView } from "./view.ts";

/** A bundle with findings, and what they are about. */
export interface Damaged {
  readonly view: BundleView;
  readonly graph: LayoutGraph | undefined;
  readonly findings: readonly Finding[];
}

/** Looking at more files than these tells nothing new. */
const MAX_LOOKED_AT = 100;

/** Gives what happened on the way its name, where its traces tell. */
export async function nameAccidents(damaged: Damaged): Promise<Finding[]> {
  return [...mixed(damaged), ...(await decompressed(damaged))];
}

function entriesWith({ findings }: Damaged, ...codes: readonly string[]): string[] {
  return findings.flatMap(({ code, entry }) =>
    entry !== undefined && codes.includes(code) ? [entry] : [],
  );
}

/** Whole blobs that nothing here names are those of another bundle. */
function mixed(damaged: Damaged): Finding[] {
  const { view } = damaged;
  const others = entriesWith(damaged, "ENTRY_EXTRA").filter((path) => {
    const { sha256 } = view.entries.get(path) ?? {};
    return sha256 !== undefined && path === `blobs/sha256/${sha256}`;
  });
  const [first] = others;
  if (first === undefined) return [];
  const blobs = others.length === 1 ? "1 whole blob" : `${others.length} whole blobs`;
  return [
    {
      code: "BUNDLES_MIXED",
      severity: "error",
      entry: first,
      message: `${blobs} of something else lie among those of the bundle: were two bundles unpacked into one directory?`,
      hint: "Unpack each into a directory of its own. `dray unpack --repair BUNDLE DIR` leaves out what the list does not name.",
    },
  ];
}

/** A plain tar where a compressed one belongs: browsers and proxies decompress what they carry. */
async function decompressed(damaged: Damaged): Promise<Finding[]> {
  const plain: string[] = [];
  const changed = entriesWith(damaged, "ENTRY_ALTERED", "BLOB_SIZE").map(pathOf);
  for (const path of new Set(changed.slice(0, MAX_LOOKED_AT))) {
    if (shouldBeCompressed(damaged, path) && (await isTar(damaged.view, path))) plain.push(path);
  }
  const [first] = plain;
  if (first === undefined) return [];
  const files = plain.length === 1 ? "1 file was" : `${plain.length} files were`;
  return [
    {
      code: "BLOBS_DECOMPRESSED",
      severity: "error",
      entry: first,
      message: `${files} decompressed on the way, such as ${first}: a plain tar is where a compressed one belongs`,
      hint: "Carry the bundle as one file, past whatever unpacks downloads.",
    },
  ];
}

/** Findings of the layout name a digest, those of the list a path. */
function pathOf(entry: string): string {
  return entry.replace(/^(sha\d+):/, "blobs/$1/");
}

function shouldBeCompressed({ graph }: Damaged, path: string): boolean {
  if (path.endsWith(".tgz")) return true;
  const descriptors = [...(graph?.reachable.values() ?? [])];
  const found = descriptors.find(({ digest }) => blobPath(digest) === path);
  return found !== undefined && /gzip|zstd/.test(found.mediaType);
}

/** Where POSIX and GNU put the word. */
const MAGIC = { start: 257, end: 262, text: "ustar" };

async function isTar(view: BundleView, path: string): Promise<boolean> {
  const entry = view.entries.get(path);
  if (entry === undefined || !view.canOpen(entry)) return false;
  let head = "";
  for await (const piece of view.open(entry)) {
    head += Buffer.from(piece).toString("latin1", 0, MAGIC.end);
    if (head.length >= MAGIC.end) break;
  }
  return head.slice(MAGIC.start, MAGIC.end) === MAGIC.text;
}
