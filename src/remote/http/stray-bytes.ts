import { isOtherProtocol } from "./connection-failure.ts";

/**
 * What came was the answer to no request: the body of an answer to HEAD, which there must not be. It
 * harms whoever uses the connection next, and nobody who uses another one.
 */
export class StrayBytes extends Error {
  override readonly name = "StrayBytes";
  readonly code = "ESTRAYBYTES";

  constructor(cause: unknown) {
    super("it sent what belongs to no answer, as after a HEAD that it gave a body", { cause });
  }
}

/** Which hosts send a body with HEAD: to them a connection is used for one HEAD and no more. */
export class TalkativeHosts {
  /** Hosts with connections that were kept after a HEAD. */
  readonly #kept = new Set<string>();
  readonly #talkative = new Set<string>();

  has({ origin }: URL): boolean {
    return this.#talkative.has(origin);
  }

  /** @throws StrayBytes where the answer makes no sense and the connection may have served a HEAD */
  async watch<T>({ origin }: URL, method: string, send: () => Promise<T>): Promise<T> {
    try {
      const response = await send();
      if (method === "HEAD") this.#kept.add(origin);
      return response;
    } catch (cause) {
      if (!isOtherProtocol(cause) || !this.#kept.has(origin)) throw cause;
      this.#talkative.add(origin);
      throw new StrayBytes(cause);
    }
  }
}
