import type { Bytes } from "../../content/content.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";

/** So much may go at once after a pause: timers are coarse. */
const BURST_MS = 100;
/** What is handed on at a time takes a quarter of a second, within these bounds. */
const LEAST_PIECE = 1024;
const LARGEST_PIECE = 64 * 1024;

/** One direction of a line: bytes pass in the order in which they ask. */
export class Lane {
  readonly #rate: number;
  readonly #clock: Clock;
  /** When the line has moved all that was let through, in milliseconds since the epoch. */
  #freeAt = 0;

  constructor(rate: number, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  get pieceBytes(): number {
    return Math.max(LEAST_PIECE, Math.min(LARGEST_PIECE, Math.floor(this.#rate / 4)));
  }

  /** Waits until so many bytes may pass. */
  async take(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const now = this.#clock.now();
    const start = Math.max(now, this.#freeAt);
    this.#freeAt = start + (bytes * 1000) / this.#rate;
    if (start - now > BURST_MS) await this.#clock.sleep(start - now, signal);
  }
}

/** A share of a line that others use too, for all connections that are given it. */
export class RateLimit {
  readonly incoming: Lane;
  readonly outgoing: Lane;

  /** `rate`: bytes a second, in each direction. */
  constructor(rate: number, clock: Clock = SYSTEM_CLOCK) {
    this.incoming = new Lane(rate, clock);
    this.outgoing = new Lane(rate, clock);
  }
}

/** Passes content on no faster than `lane` lets it: whoever reads waits, and whoever sends for them. */
export function limited(
  content: Bytes,
  lane: Lane | undefined,
  signal: AbortSignal | undefined,
): Bytes {
  return lane === undefined ? content : slowed(content, lane, signal);
}

async function* slowed(content: Bytes, lane: Lane, signal: AbortSignal | undefined): Bytes {
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length; at += lane.pieceBytes) {
      const piece = chunk.subarray(at, at + lane.pieceBytes);
      await lane.take(piece.length, signal);
      yield piece;
    }
  }
}
