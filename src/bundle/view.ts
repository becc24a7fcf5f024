import type { Archive } from "../archive/archive.ts";
import type { Entry } from "../archive/scan.ts";
import { collect, type Bytes, type FetchOptions, type OpenOptions } from "../content/content.ts";
import { MemberDamage, memberFinding } from "../archive/members/member-damage.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf, encodedOf, parseDigest } from "../oci/digest.ts";
import { blobPath } from "../oci/image-layout.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import { MediaType } from "../oci/media-type.ts";
import {
  CONTENTS_FILE,
  MAX_CONTENTS_BYTES,
  parseContentsDocument,
  SUMS_FILE,
  type ContentsDocument,
} from "./format.ts";
import type { BundleSource, OpenedFile } from "./opened.ts";
import { verified } from "../content/verify.ts";
import type { Sums } from "./sums.ts";
import { once } from "../content/memory.ts";

/**
 * The files of a bundle by their path in the bundle, wherever the carrier put them. As a source it
 * serves blobs; like every source it leaves it to the reader to verify them.
 */
export class BundleView implements BundleSource {
  readonly name: string;
  readonly entries: ReadonlyMap<string, Entry>;
  /** What `readSmall` compares with, once it is known. */
  readonly sums: Sums | undefined;
  readonly #archive: Archive;

  constructor(archive: Archive, entries: ReadonlyMap<string, Entry>, sums?: Sums) {
    this.name = `bundle ${JSON.stringify(archive.path)}`;
    this.entries = entries;
    this.sums = sums;
    this.#archive = archive;
  }

  has(path: string): boolean {
    return this.entries.has(path);
  }

  /** The content of a small file, compared with its sum once the sums are known. */
  async readSmall(path: string, maxBytes: number): Promise<Buffer> {
    const entry = this.entries.get(path);
    if (entry === undefined) throw refused("DRAY_ENTRY_MISSING", path, "it is not there");
    if (entry.size > maxBytes) {
      throw refused(
        "DRAY_ENTRY_TOO_LARGE",
        path,
        `expected at most ${maxBytes} bytes, found ${entry.size}`,
      );
    }
    const bytes = entry.bytes ?? (await collect(this.open(entry)));
    const sum = this.sums?.get(path);
    if (sum !== undefined && sum !== encodedOf(digestOf(bytes))) {
      throw refused("DRAY_ENTRY_ALTERED", path, `its content is not what ${SUMS_FILE} says`);
    }
    return bytes;
  }

  sizeOf({ digest }: Descriptor): number | undefined {
    return this.entries.get(blobPath(digest))?.size;
  }

  read({ digest }: Descriptor): Promise<Buffer> {
    return this.readSmall(blobPath(digest), MAX_MANIFEST_BYTES);
  }

  /** The same carrier with what it holds put right, and the list to compare it with once it is known. */
  with(entries: ReadonlyMap<string, Entry>, sums?: Sums): BundleView {
    return new BundleView(this.#archive, entries, sums);
  }

  /** Every file with its content compared with its sum; the list and its signatures have none. */
  files(): readonly OpenedFile[] {
    return [...this.entries].map(([path, entry]) => ({
      path,
      size: entry.size,
      content: () => this.#checked(path, entry),
    }));
  }

  #checked(path: string, entry: Entry): Bytes {
    const sum = this.sums?.get(path);
    if (sum === undefined) return this.open(entry);
    const digest = parseDigest(`sha256:${sum}`);
    const expected = { mediaType: MediaType.octetStream, digest, size: entry.size };
    const from = `${JSON.stringify(path)} of ${this.name}`;
    return verified(this.open(entry), expected, { from });
  }

  async placeOf({ digest }: Descriptor): Promise<string> {
    const path = blobPath(digest);
    const place = await this.placeInFile(path);
    return place === undefined ? path : `${path}, ${place} of the file`;
  }

  /** `bytes 512 to 1023`, where the content lies in the carrier as it is. */
  async placeInFile(path: string): Promise<string | undefined> {
    const entry = this.entries.get(path);
    const archive = this.#archive;
    if (archive.kind === "directory" || archive.kind === "stream") return undefined;
    if (entry === undefined || entry.bytes !== undefined) return undefined;
    const range = await archive.inPlace(entry);
    if (range?.pieces === undefined || range.size === 0) return undefined;
    return `bytes ${range.start} to ${range.start + range.size - 1}`;
  }

  canOpen(entry: Entry): boolean {
    return entry.bytes !== undefined || this.#archive.kind !== "stream";
  }

  open(entry: Entry, { reuse = false }: OpenOptions = {}): Bytes {
    if (entry.bytes !== undefined) return once(entry.bytes);
    if (this.#archive.kind === "stream") throw onePass(entry.path);
    return this.#located(this.#archive.read(entry, { reuse }));
  }

  /** Names the entries, and which bytes of them, where the carrier turns out to be damaged. */
  async *#located(content: Bytes): Bytes {
    try {
      yield* content;
    } catch (error) {
      if (!(error instanceof MemberDamage)) throw error;
      const { message, hint } = memberFinding(error, this.entries.values());
      throw new DrayError(error.code, message, { kind: error.kind, hint, cause: error });
    }
  }

  async *fetch(descriptor: Descriptor, options: FetchOptions = {}): Bytes {
    const path = blobPath(descriptor.digest);
    const entry = this.entries.get(path);
    if (entry === undefined) throw refused("DRAY_BLOB_MISSING", path, "it is not in the bundle");
    const { offset = 0 } = options;
    const content = this.open(entry, options);
    yield* offset === 0 ? content : behind(content, offset);
  }
}

/** Content without its first `count` bytes. */
async function* behind(content: Bytes, count: number): Bytes {
  let skip = count;
  for await (const chunk of content) {
    if (skip < chunk.length) yield chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
  }
}

type Refusal =
  "DRAY_ENTRY_MISSING" | "DRAY_ENTRY_TOO_LARGE" | "DRAY_ENTRY_ALTERED" | "DRAY_BLOB_MISSING";

/** @throws DrayError `DRAY_BUNDLE_INVALID`, `DRAY_JSON_INVALID`, and what is missing or altered */
export async function readContents(view: BundleView): Promise<ContentsDocument> {
  return parseContentsDocument(await view.readSmall(CONTENTS_FILE, MAX_CONTENTS_BYTES));
}

/** Its documents were more than are kept in memory while it is read. */
function onePass(path: string): DrayError {
  return new DrayError(
    "DRAY_CARRIER_ONE_PASS",
    `Cannot read ${JSON.stringify(path)} again: the bundle was compressed anew and can be read only once`,
    { kind: "refused", hint: "Decompress it with gunzip first and name the tar." },
  );
}

function refused(code: Refusal, path: string, reason: string): DrayError {
  return new DrayError(code, `Cannot read ${JSON.stringify(path)}: ${reason}`, {
    kind: "refused",
  });
}
