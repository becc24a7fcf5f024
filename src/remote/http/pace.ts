import type { Bytes } from "../../content/content.ts";

/** How slow a line may be before it counts as broken. */
export interface Pace {
  /** Bytes a second; 0 for no matter how few. */
  readonly least: number;
  /** Milliseconds of waiting over which that is measured, and after which silence ends a request. */
  readonly span: number;
}

/** What is handed to a connection at a time: small enough that a slow line takes it within a span. */
const PIECE_BYTES = 64 * 1024;
/** A quick one gets more: each piece costs a turn of everybody through whose hands it goes. */
const QUICK_PIECE_BYTES = 256 * 1024;
const QUICK_MS = 100;

/** Too little moves, or nothing at all. Another connection may do better. */
class TooSlow extends Error {
  override readonly name = "TooSlow";
  readonly code = "ETOOSLOW";
}

export function isTooSlow(error: unknown): boolean {
  return error instanceof TooSlow;
}

/** Counts what moves while it is waited for: who is slow to take it in does not count. */
class Meter {
  readonly #pace: Pace;
  #bytes = 0;
  #waited = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** @throws TooSlow */
  note(bytes: number, waited: number): void {
    const { least, span } = this.#pace;
    this.#bytes += bytes;
    this.#waited += waited;
    if (this.#waited < span) return;
    const rate = Math.round((this.#bytes * 1000) / this.#waited);
    if (rate < least) {
      throw new TooSlow(`${rate} bytes a second came through, fewer than ${least}`);
    }
    this.#bytes = 0;
    this.#waited = 0;
  }
}

/** The body of an answer. Silence is for the transport to notice. @throws TooSlow for a trickle */
export async function* arriving(body: Bytes, pace: Pace): Bytes {
  const meter = new Meter(pace);
  let asked = performance.now();
  for await (const chunk of body) {
    meter.note(chunk.length, performance.now() - asked);
    yield chunk;
    asked = performance.now();
  }
}

/** Who hears of a body on its way. */
interface Leaving {
  /** Nobody takes it. */
  readonly stuck: (reason: Error) => void;
  /** The last byte of it was taken. */
  readonly taken: () => void;
}

/** The body of a request, in pieces. @throws TooSlow */
export async function* leaving(
  body: Bytes | Iterable<Uint8Array>,
  pace: Pace,
  { stuck, taken }: Leaving,
): Bytes {
  const meter = new Meter(pace);
  const seconds = pace.span / 1000;
  let size = PIECE_BYTES;
  let isOffered = false;
  const timer = setTimeout(() => {
    if (isOffered) stuck(new TooSlow(`nothing of the body was taken for ${seconds} s`));
  }, pace.span);
  try {
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length;) {
        const piece = chunk.subarray(at, at + size);
        at += piece.length;
        const given = performance.now();
        timer.refresh();
        isOffered = true;
        yield piece;
        isOffered = false;
        const waited = performance.now() - given;
        meter.note(piece.length, waited);
        size = waited < QUICK_MS ? Math.min(size * 2, QUICK_PIECE_BYTES) : PIECE_BYTES;
      }
    }
  } finally {
    clearTimeout(timer);
  }
  taken();
}
