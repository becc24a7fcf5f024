import { pipeline } from "node:stream/promises";
import type { Bytes } from "../content/content.ts";
import type { Exchange, Headers } from "./exchange.ts";

export interface ContentAnswer {
  readonly status: 200 | 206;
  readonly headers: Headers;
  /** Bytes of `content` that are sent, from its beginning. */
  readonly length: number;
}

/**
 * Sends content at the speed of the client. What cannot be opened fails before anything is sent;
 * what turns out too short cuts the connection, so that nobody takes it for the whole.
 */
export async function sendContent(
  { response }: Exchange,
  content: Bytes,
  { status, headers, length }: ContentAnswer,
): Promise<void> {
  const chunks = exactly(content, length);
  const first = await chunks.next();
  response.writeHead(status, { ...headers, "Content-Length": length });
  await pipeline(resumed(first, chunks), response);
}

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

async function* resumed(first: IteratorResult<Uint8Array, void>, rest: Chunks): Chunks {
  if (first.done !== true) yield first.value;
  yield* rest;
}

async function* exactly(content: Bytes, length: number): Chunks {
  let left = length;
  if (left === 0) return;
  for await (const chunk of content) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= chunk.length;
    if (left <= 0) return;
  }
  throw new Error(`content ended ${left} bytes early`);
}
