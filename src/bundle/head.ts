import type { Archive } from "../archive/archive.ts";
import { scan, type Entry, type Scan, type ScanOptions } from "../archive/scan.ts";
import { collect } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import {
  blobPath,
  INDEX_FILE,
  LAYOUT_FILE,
  MAX_INDEX_BYTES,
  parseIndexFile,
} from "../oci/image-layout.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import { parseManifest } from "../oci/manifest.ts";
import { isImageConfigType, isManifestType } from "../oci/media-type.ts";
import { folderOfList } from "./locate.ts";
import { CONTENTS_FILE, README_FILE, SIGNATURE_FILE, SIGSTORE_FILE, SUMS_FILE } from "./format.ts";

/**
 * Reads a bundle up to the last manifest and config that its index leads to. In a bundle as it was
 * written these stand before all layers, so however large it is, only the head is read.
 */
export async function scanHead(
  archive: Archive,
  options: Pick<ScanOptions, "keep" | "signal">,
): Promise<Scan> {
  const head = new HeadTracker(archive);
  return scan(archive, { ...options, hash: false, until: (entry) => head.isComplete(entry) });
}

/** What stands first in a bundle as it was written; the signatures both or neither. */
const HEAD_ORDER: readonly string[] = [
  SUMS_FILE,
  SIGSTORE_FILE,
  SIGNATURE_FILE,
  README_FILE,
  CONTENTS_FILE,
  LAYOUT_FILE,
  INDEX_FILE,
];

/** Where an unsigned bundle goes on behind its list. */
const UNSIGNED = HEAD_ORDER.indexOf(README_FILE);

class HeadTracker {
  readonly #archive: Archive;
  /** The folder that was added on the way, or none; known from the first entry. */
  #folder: string | undefined;
  /** In another order anything may come last: then there is no head. */
  #isOrdered = true;
  /** How many names of the order have gone by. */
  #passed = 0;
  readonly #seen = new Map<string, Entry>();
  /** Documents that are known to be needed and have not come by yet. */
  readonly #wanted = new Map<string, Descriptor>();
  #hasIndex = false;

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  async isComplete(entry: Entry): Promise<boolean> {
    const path = this.#placeOf(entry);
    if (path === undefined) return false;
    this.#seen.set(path, entry);
    const wanted = this.#wanted.get(path);
    if (path === INDEX_FILE) await this.#readIndex(entry);
    else if (wanted !== undefined) await this.#arrived(wanted, entry);
    return this.#hasIndex && this.#wanted.size === 0;
  }

  /** The entry's path in the bundle, as long as the bundle keeps its order. */
  #placeOf({ path }: Entry): string | undefined {
    this.#folder ??= folderOfList(path);
    this.#isOrdered &&= this.#folder !== undefined && path.startsWith(this.#folder);
    if (!this.#isOrdered) return undefined;
    const place = path.slice(this.#folder?.length);
    if (this.#hasIndex) return place;
    if (this.#passed === 1 && place === README_FILE && this.#isAsWritten) this.#passed = UNSIGNED;
    this.#isOrdered = HEAD_ORDER[this.#passed++] === place;
    return this.#isOrdered ? place : undefined;
  }

  /** Nobody else writes this framing; from any other carrier a signature may come last. */
  get #isAsWritten(): boolean {
    return this.#archive.kind === "tar" && this.#archive.framing === "members";
  }

  async #readIndex(entry: Entry): Promise<void> {
    this.#hasIndex = true;
    const raw = await this.#bytes(entry, MAX_INDEX_BYTES);
    for (const root of orNone(() => parseIndexFile(raw, entry.path))) await this.#want(root);
  }

  async #want(descriptor: Descriptor): Promise<void> {
    const { mediaType, digest } = descriptor;
    if (!isManifestType(mediaType) && !isImageConfigType(mediaType)) return;
    const path = blobPath(digest);
    const entry = this.#seen.get(path);
    if (entry === undefined) this.#wanted.set(path, descriptor);
    else await this.#arrived(descriptor, entry);
  }

  async #arrived({ digest, mediaType }: Descriptor, entry: Entry): Promise<void> {
    this.#wanted.delete(blobPath(digest));
    if (!isManifestType(mediaType)) return;
    const raw = await this.#bytes(entry, MAX_MANIFEST_BYTES);
    const children = orNone(() => {
      const manifest = parseManifest(raw, { mediaType, what: entry.path });
      return manifest.kind === "index" ? manifest.manifests : [manifest.config];
    });
    for (const child of children) await this.#want(child);
  }

  async #bytes(entry: Entry, maxBytes: number): Promise<Buffer> {
    if (entry.bytes !== undefined) return entry.bytes;
    if (entry.size > maxBytes || this.#archive.kind === "stream") return Buffer.alloc(0);
    return collect(this.#archive.read(entry));
  }
}

/** What cannot be parsed leads nowhere; whoever reads the graph afterwards says why. */
function orNone(parse: () => readonly Descriptor[]): readonly Descriptor[] {
  try {
    return parse();
  } catch (error) {
    if (error instanceof DrayError) return [];
    throw error;
  }
}
