import { DrayError } from "../../errors.ts";
import type { TransportResponse } from "./transport.ts";

/** Reads a small body whole. @throws DrayError `DRAY_REGISTRY_ANSWER_TOO_LARGE` */
export async function readBody(response: TransportResponse, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new DrayError(
        "DRAY_REGISTRY_ANSWER_TOO_LARGE",
        `Cannot read the answer of ${response.url.host}: expected at most ${maxBytes} bytes, found more`,
        { kind: "refused" },
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
