import { collect, type Bytes } from "../content/content.ts";
import type { FileArchive, RawEntry } from "./archive.ts";
import { StreamCursor } from "./cursor.ts";
import type { FileRange } from "./file-range.ts";
import { TAR_BLOCK } from "./tar/tar-header.ts";

/**
 * Bytes on the way to the entries, of which nobody knows yet what they are: what the file holds, or
 * what came out of the compression or the archive around it.
 */
export interface Wrapped {
  /** What lies around it, outermost first. */
  readonly forms: readonly string[];
  /** Where it lies in a file as it is, and so can be read at any place. */
  readonly range: FileRange | undefined;
  /** It has so many bytes, or more. */
  readonly leastSize: number;
  /** All of it, from its start, as often as it is asked for. */
  readonly stream: () => Bytes;
}

/** As many bytes as tell what it is. */
export async function headOf({ range, stream }: Wrapped): Promise<Buffer> {
  if (range !== undefined) return collect(range.read(0, Math.min(TAR_BLOCK, range.size)));
  const cursor = new StreamCursor(stream());
  try {
    return await cursor.take(TAR_BLOCK);
  } finally {
    await cursor.close();
  }
}

/** The file itself, before anything is known of it. */
export function wholeFile(file: FileRange): Wrapped {
  return {
    forms: [],
    range: file,
    leastSize: file.size,
    stream: () => file.read(0, file.size),
  };
}

/** What lies in an entry of an archive; in place where the archive holds it as it is. */
export async function entryOf(archive: FileArchive, entry: RawEntry): Promise<Wrapped> {
  const { forms } = archive;
  const { size: leastSize } = entry;
  if (archive.kind === "stream") {
    return { forms, range: undefined, leastSize, stream: () => passingBy(archive, entry) };
  }
  const range = await archive.inPlace(entry);
  const stream = (): Bytes => range?.read(0, range.size) ?? archive.read(entry);
  return { forms, range, leastSize, stream };
}

/** The content of an entry where it can only be had in its turn. */
async function* passingBy(archive: FileArchive, { position }: RawEntry): Bytes {
  for await (const raw of archive.entries({ check: false })) {
    if (raw.position !== position) continue;
    yield* raw.content();
    break;
  }
}
