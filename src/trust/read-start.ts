import { createReadStream } from "node:fs";
import { collect } from "../content/content.ts";

/** A small file whole; of a larger one, or of a device without end, one byte more than `maxBytes`. */
export async function readStart(path: string, maxBytes: number): Promise<Buffer> {
  return collect(createReadStream(path, { end: maxBytes }) as AsyncIterable<Buffer>);
}
