import type { Bytes } from "../../content/content.ts";
import { RegistryError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { decodedBlob } from "../http/content-coding.ts";
import { Transient, type Patience, type Tries } from "../http/patience.ts";
import type { TransportResponse } from "../http/transport.ts";
import { isConnectionFailure } from "../http/connection-failure.ts";
import { PAGE_HINT } from "../http/page.ts";
import { isTooSlow } from "../http/pace.ts";
import { recycled } from "../http/read-memory.ts";

/** Who brings less than this before a connection breaks, again and again, brings it to no end in time. */
const LEAST_PROGRESS = 16 * 1024;

export interface BlobFetch {
  readonly offset: number;
  readonly signal: AbortSignal | undefined;
  /** As `OpenOptions` says. */
  readonly reuse: boolean;
  readonly patience: Patience;
  /** Sends the GET; 200 or 206. */
  readonly get: (headers: Record<string, string>) => Promise<TransportResponse>;
}

/**
 * The bytes of a blob. A connection that breaks in the middle is opened again where it broke, as
 * long as attempts bring something worth it. Where nobody gives the rest alone, all of it is asked for.
 */
export function fetchBlob(descriptor: Descriptor, fetch: BlobFetch): Bytes {
  return new Download(descriptor, fetch).bytes();
}

class Download {
  readonly #descriptor: Descriptor;
  readonly #fetch: BlobFetch;
  #position: number;
  #isRestGiven = true;
  readonly #tries: Tries;

  constructor(descriptor: Descriptor, fetch: BlobFetch) {
    this.#descriptor = descriptor;
    this.#fetch = fetch;
    this.#position = fetch.offset;
    this.#tries = fetch.patience.tries(fetch.signal);
  }

  async *bytes(): Bytes {
    for (let brought = 1; brought > 0;) {
      const before = this.#position;
      try {
        yield* this.#attempt();
        // What ends too early with nothing new in it is all that this server has.
        brought = this.#position - before;
      } catch (cause) {
        this.#fetch.signal?.throwIfAborted();
        await this.#prepareNext(cause, this.#position - before);
      }
      if (this.#position >= this.#descriptor.size) return;
    }
  }

  get #wantsRest(): boolean {
    return this.#position > 0 && this.#isRestGiven;
  }

  async *#attempt(): Bytes {
    const range = this.#wantsRest ? { range: `bytes=${this.#position}-` } : {};
    const response = await this.#fetch.get(range);
    const { digest, size } = this.#descriptor;
    if (isPageFor(response, size)) throw pageInstead(digest, response);
    const content = fromPosition(response, { position: this.#position, size });
    for await (const chunk of this.#fetch.reuse ? recycled(content) : content) {
      this.#position += chunk.length;
      yield chunk;
    }
  }

  /** Waits for the next attempt, unless there is no use in one. */
  async #prepareNext(cause: unknown, brought: number): Promise<void> {
    if (this.#wantsRest && brought === 0 && cause instanceof RegistryError) {
      this.#isRestGiven = false;
      return;
    }
    if (!isConnectionFailure(cause)) throw isLost(cause) ? lost(cause) : cause;
    const { digest, size } = this.#descriptor;
    // Only the end of the answer was cut off, and that holds nothing.
    if (this.#position >= size) return;
    // A trickle always brings something, and would never end.
    if (brought >= LEAST_PROGRESS && !isTooSlow(cause)) this.#tries.reset();
    const error = broken(digest, { position: this.#position, size }, cause);
    await this.#tries.next(new Transient(error));
  }
}

/** The registry itself says so, and not a storage that it sends on to. */
function isLost(cause: unknown): cause is RegistryError {
  return cause instanceof RegistryError && cause.status === 404 && cause.missesContent;
}

/** Nothing that was sent misses it: whoever sends this blob on must not take it for their target's word. */
function lost(cause: RegistryError): RegistryError {
  const { code, message, status, registryCode } = cause;
  return new RegistryError(code, message, {
    kind: "refused",
    status,
    registryCode,
    cause,
    hint: "A manifest there names it, and the registry has lost it: push the image there again, or take it from elsewhere. To go on without it: --skip IMAGE=REASON, or --exclude.",
  });
}

/** Whoever filters what comes in answers with a page of its own, and with 200. */
function isPageFor(response: TransportResponse, size: number): boolean {
  const isPage = /^text\/html\b/i.test(response.header("content-type") ?? "");
  return isPage && response.status === 200 && response.header("content-length") !== String(size);
}

function pageInstead(digest: string, { url }: TransportResponse): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_FAILED",
    `Cannot pull blob ${digest}: ${url.host} answered 200 with an HTML page`,
    { status: 200, hint: PAGE_HINT },
  );
}

/**
 * What an answer brings from `position` on. A server that does not do ranges sends everything: what is
 * there already is dropped.
 */
async function* fromPosition(
  response: TransportResponse,
  { position, size }: { position: number; size: number },
): Bytes {
  const start = /^bytes (\d+)-/.exec(response.header("content-range") ?? "")?.[1];
  let skip = position;
  if (response.status === 206) {
    if (Number(start) !== position) {
      await response.discard();
      throw wrongRange(response, position);
    }
    skip = 0;
  }
  const due = response.status === 206 ? size - position : size;
  for await (const chunk of decodedBlob(response, due)) {
    if (skip < chunk.length) yield chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
  }
}

function wrongRange(response: TransportResponse, position: number): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_FAILED",
    `Cannot go on at byte ${position}: ${response.url.host} answered with another range`,
    { status: response.status },
  );
}

function broken(
  digest: string,
  { position, size }: { position: number; size: number },
  cause: unknown,
): RegistryError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RegistryError(
    "DRAY_REGISTRY_UNREACHABLE",
    `Cannot pull blob ${digest}: the connection broke after ${position} of ${size} bytes (${reason})`,
    { status: 0, cause, hint: "Run the same command again: it goes on where this one stopped." },
  );
}
