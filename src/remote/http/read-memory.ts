import { on } from "node:events";
import type { OnReadOpts } from "node:net";
import type { Readable } from "node:stream";
import type { buildConnector } from "undici";
import type { Bytes } from "../../content/content.ts";

/** What a connection reads at a time, at most. */
const READ_BYTES = 256 * 1024;

/** What is smaller is copied: it would keep all of the memory that it came in from others. */
const WORTH_LENDING = 64 * 1024;

/** What came last is used; what came before may still be, or wait to be sent on. */
const HELD = 2;

/** What more connections than usual have left behind is not kept for them. */
const MAX_FREE = 16;

/**
 * Memory that connections read into, used again and again. By itself Node.js takes new memory for every
 * 64 KiB: it costs a page fault for each 4 KiB and then a collection, and four times as many turns of
 * everybody through whose hands a piece goes.
 */
class ReadMemory {
  readonly #free: Uint8Array[] = [];
  readonly #own = new WeakMap<ArrayBufferLike, Uint8Array>();

  lend(): Uint8Array {
    const known = this.#free.pop();
    if (known !== undefined) return known;
    const made = Buffer.allocUnsafeSlow(READ_BYTES);
    this.#own.set(made.buffer, made);
    return made;
  }

  /** The memory that was lent as `buffer`; undefined for another's. */
  lentAs(buffer: ArrayBufferLike): Uint8Array | undefined {
    return this.#own.get(buffer);
  }

  giveBack(memory: Uint8Array): void {
    if (this.#free.length < MAX_FREE) this.#free.push(memory);
  }
}

const MEMORY = new ReadMemory();

/** Connects as undici does, to plain HTTP, and reads into lent memory. */
export function lendingConnector(
  build: typeof buildConnector,
  options: { readonly timeout: number },
): buildConnector.connector {
  return (place, callback) => {
    const reader = new Reader();
    const connect = build({ ...options, onread: reader });
    connect(place, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      reader.push = (bytes) => socket.push(bytes);
      callback(null, socket);
    });
  };
}

/** Gives a connection memory, and to its reader what came there. */
class Reader implements OnReadOpts {
  push: (bytes: Uint8Array) => boolean = () => true;
  #memory: Uint8Array | undefined;

  readonly buffer = (): Uint8Array => (this.#memory ??= MEMORY.lend());

  readonly callback = (length: number, memory: Uint8Array): boolean => {
    const bytes = memory.subarray(0, length);
    if (length < WORTH_LENDING) return this.push(Buffer.from(bytes));
    this.#memory = undefined;
    return this.push(bytes);
  };
}

/**
 * A body in the pieces that were read: whoever iterates a stream gets those that wait joined, in new
 * memory.
 */
export async function* asRead(body: Readable): Bytes {
  // How it ended was told before anybody listened, and is known to itself.
  if (body.destroyed) {
    yield* body as Bytes;
    return;
  }
  const pieces = on(body, "data", { close: ["end", "close"], highWaterMark: 1 });
  try {
    for await (const [piece] of pieces as AsyncIterable<[Uint8Array]>) yield piece;
    if (!body.readableEnded) throw new Error("the body of an answer was closed before its end");
  } finally {
    body.once("error", () => undefined).destroy();
  }
}

/**
 * Passes on the body of an answer, and lets connections have the memory of its pieces again: each is used
 * before the one after the next is asked for. Small ones do not count, which came in other memory: whoever
 * sends on takes several before the first is on its way. The first and the last may hold something else
 * too, and are left alone.
 */
export async function* recycled(body: Bytes): Bytes {
  const held: Uint8Array[] = [];
  let first: ArrayBufferLike | undefined;
  for await (const piece of body) {
    first ??= piece.buffer;
    const memory = MEMORY.lentAs(piece.buffer);
    if (memory !== undefined && memory !== held.at(-1)) held.push(memory);
    const done = held.length > HELD ? held.shift() : undefined;
    if (done !== undefined && done.buffer !== first) MEMORY.giveBack(done);
    yield piece;
  }
}
