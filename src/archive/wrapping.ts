import { collect, type Bytes } from "../content/content.ts";
import { StreamCursor } from "./cursor.ts";
import type { FileRange } from "./file-range.ts";
import { TAR_BLOCK } from "./tar/tar-reader.ts";

/**
 * Bytes on the way to the entries: what the file holds, or what came out of the compression or the
 * archive around it.
 */
export interface Layer {
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
export async function headOf(layer: Layer): Promise<Buffer> {
  if (layer.range !== undefined) {
    return collect(layer.range.read(0, Math.min(TAR_BLOCK, layer.range.size)));
  }
  const cursor = new StreamCursor(layer.stream());
  try {
    return await cursor.take(TAR_BLOCK);
  } finally {
    await cursor.close();
  }
}
