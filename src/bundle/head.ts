import type { Archive } from "../archive/archive.ts";
import { scan, type Entry, type KeepQuestion, type Scan } from "../archive/scan.ts";
import { collect } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { blobPath, MAX_INDEX_BYTES, parseIndexFile } from "../oci/image-layout.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import { parseManifest } from "../oci/manifest.ts";
import { isImageConfigType, isManifestType } from "../oci/media-type.ts";

/**
 * Reads a bundle up to the last manifest and config that its index leads to. In a bundle as it was
 * written these stand before all layers, so however large it is, only the head is read.
 */
export async function scanHead(
  archive: Archive,
  keep: ((file: KeepQuestion) => boolean) | undefined,
): Promise<Scan> {
  const head = new HeadTracker(archive);
  return scan(archive, { hash: false, keep, until: (entry) => head.isComplete(entry) });
}

class HeadTracker {
  readonly #archive: Archive;
  readonly #seen = new Map<string, Entry>();
  /** Documents that are known to be needed and have not come by yet. */
  readonly #wanted = new Map<string, Descriptor>();
  #hasIndex = false;

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  async isComplete(entry: Entry): Promise<boolean> {
    // A folder that was added on the way moves every path; what it ends with stays.
    const path = /(?:^|\/)(index\.json|blobs\/sha\d+\/[a-f0-9]+)$/.exec(entry.path)?.[1];
    if (path === undefined) return false;
    this.#seen.set(path, entry);
    const wanted = this.#wanted.get(path);
    if (path === "index.json") await this.#readIndex(entry);
    else if (wanted !== undefined) await this.#arrived(wanted, entry);
    return this.#hasIndex && this.#wanted.size === 0;
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
    if (entry.size > maxBytes || this.#archive.read === undefined) return Buffer.alloc(0);
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
