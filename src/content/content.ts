import type { Listener } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";

/** A blob on its way: read once, at the speed of whoever consumes it. Nothing opens before that. */
export type Bytes = AsyncIterable<Uint8Array>;

export interface ContentOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface OpenOptions {
  /**
   * Each chunk is used before the one after the next is asked for: its memory may be written over
   * then. Only a hint: sources may give new memory all the same. @default false
   */
  readonly reuse?: boolean;
}

export interface FetchOptions extends ContentOptions, OpenOptions {
  /** First byte wanted. @default 0 */
  readonly offset?: number;
}

export interface SendOptions extends ContentOptions {
  /** Whatever the target says to have elsewhere: it is sent whole. @default false */
  readonly afresh?: boolean;
  readonly resend?: Resend;
}

/**
 * Of a manifest: sends again what it needs and the target does not know, though it said that it
 * has it. `named` are the digests that it speaks of, none if it names none; with `onlyClaimed` what was
 * sent whole is not sent again. False if that leaves nothing to send.
 */
export type Resend = (
  named: readonly string[],
  options: { readonly onlyClaimed: boolean },
) => Promise<boolean>;

/** Content that can be opened again, from any byte, when a transfer has to start over. */
export interface Content {
  /** The source's name, for messages. */
  readonly from: string;
  open(offset: number, options?: OpenOptions): Bytes;
}

/** A place that content comes from: a repository, a layout, a bundle. */
export interface Source {
  /** What this source is called in messages. */
  readonly name: string;
  /** The bytes of `descriptor`, not yet verified: whoever keeps or uses them does that. */
  fetch(descriptor: Descriptor, options?: FetchOptions): Bytes;
}

/**
 * `mounted`: the target had the blob in another repository and no byte was sent. `skipped`: somebody
 * else brought it meanwhile.
 */
export type PushResult = "copied" | "mounted" | "skipped";

/** A place that content goes to. */
export interface Target {
  readonly name: string;
  exists(descriptor: Descriptor, options?: ContentOptions): Promise<boolean>;
  /**
   * Stores `content` and verifies it on the way: what is not `expected` never becomes visible.
   * Done when the content is there, no matter who put it there.
   */
  push(expected: Descriptor, content: Content, options?: SendOptions): Promise<PushResult>;
}

/** Passes content on and tells how much of it has gone by. */
export async function* counted(content: Bytes, onEvent: Listener | undefined): Bytes {
  for await (const chunk of content) {
    onEvent?.({ type: "progress", bytes: chunk.length });
    yield chunk;
  }
}

/** A blob that is moved, and to where. */
interface Route {
  readonly descriptor: Descriptor;
  readonly target: string;
}

/** Content that tells how far it has come, each time that it is opened. */
export function watched(content: Content, route: Route, onEvent: Listener | undefined): Content {
  return {
    from: content.from,
    async *open(offset, options) {
      let position = offset;
      onEvent?.({ type: "progress", bytes: 0, blob: { ...route, position } });
      for await (const chunk of content.open(offset, options)) {
        position += chunk.length;
        onEvent?.({ type: "progress", bytes: chunk.length, blob: { ...route, position } });
        yield chunk;
      }
    },
  };
}

/** Joins content that is known to be small. */
export async function collect(content: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads content to its end for what happens on the way: to verify it. */
export async function discard(content: Bytes): Promise<void> {
  const pieces = content[Symbol.asyncIterator]();
  while ((await pieces.next()).done !== true);
}
