import { open } from "node:fs/promises";
import type { ServerResponse } from "node:http";
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
  const left = new AbortController();
  const { socket } = response.req;
  const leave = (): void => left.abort();
  if (socket.destroyed) leave();
  socket.once("close", leave);
  try {
    await pipeline(resumed(first, chunks), response, { signal: left.signal });
  } catch (error) {
    throw left.signal.aborted ? clientLeft() : error;
  } finally {
    socket.off("close", leave);
  }
}

/**
 * Of an answer that waits behind another one on its connection, Node.js does not say that it is closed
 * when the client leaves: the connection does.
 */
function clientLeft(): Error {
  return Object.assign(new Error("the client left"), { code: "ERR_STREAM_PREMATURE_CLOSE" });
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

/** Two of these go to and fro: one is filled while the other is sent. */
const BUFFER_BYTES = 512 * 1024;

export interface FilePart {
  readonly path: string;
  readonly start: number;
}

/**
 * Sends a part of a file. The same two buffers carry all of it: making new ones costs as much time as
 * copying.
 */
export async function sendFile(
  { response }: Exchange,
  { path, start }: FilePart,
  { status, headers, length }: ContentAnswer,
): Promise<void> {
  const file = await open(path);
  try {
    response.writeHead(status, { ...headers, "Content-Length": length });
    const size = Math.min(length, BUFFER_BYTES);
    let [now, next] = [buffer(size), buffer(size)];
    for (let sent = 0; sent < length; [now, next] = [next, now]) {
      await now.free;
      const wanted = Math.min(size, length - sent);
      const { bytesRead } = await file.read(now.bytes, 0, wanted, start + sent);
      if (bytesRead === 0) throw new Error(`content ended ${length - sent} bytes early`);
      now.free = written(response, now.bytes.subarray(0, bytesRead));
      sent += bytesRead;
    }
    await Promise.all([now.free, next.free]);
  } finally {
    await file.close();
  }
  response.end();
}

interface ReusedBuffer {
  readonly bytes: Buffer;
  /** Resolves when nobody needs the content any more. */
  free: Promise<void>;
}

function buffer(size: number): ReusedBuffer {
  return { bytes: Buffer.allocUnsafeSlow(size), free: Promise.resolve() };
}

function written(response: ServerResponse, bytes: Buffer): Promise<void> {
  const result = new Promise<void>((resolve, reject) => {
    const { socket } = response.req;
    const gone = (): void => reject(clientLeft());
    if (socket.destroyed) gone();
    socket.once("close", gone);
    response.write(bytes, (error) => {
      socket.off("close", gone);
      if (error) reject(error);
      else resolve();
    });
  });
  // It is looked at when its buffer is needed again; the other one may fail first.
  result.catch(() => {});
  return result;
}
