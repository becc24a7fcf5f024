import { createReadStream } from "node:fs";
import type { Bytes, FetchOptions, Source } from "../content/content.ts";
import type { Descriptor } from "../oci/descriptor.ts";

/** A plain file as a source of the one content that it has. */
export function fileSource(path: string): Source {
  return {
    name: `file ${JSON.stringify(path)}`,
    async *fetch(_descriptor: Descriptor, { offset = 0, signal }: FetchOptions = {}): Bytes {
      const file = createReadStream(path, { start: offset, highWaterMark: 1024 * 1024, signal });
      yield* file as AsyncIterable<Buffer>;
    },
  };
}
