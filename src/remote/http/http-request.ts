import { once } from "../../content/memory.ts";
import { leaving, type Pace } from "./pace.ts";
import { limited, type RateLimit } from "./rate-limit.ts";
import type { Silence } from "./silence.ts";
import type { Bytes } from "../../content/content.ts";

export type RequestBody = Buffer | Bytes;

/** What every request has, whatever it carries. */
export interface RequestHead {
  readonly method: "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For requests that take longer than others to be answered. */
  readonly answerTimeout?: number | undefined;
  /** Hears once that nothing is answered, long before that counts as a failure. */
  readonly onSilence?: ((seconds: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TransportRequest extends RequestHead {
  readonly body?: RequestBody | undefined;
}

/** What the system takes at once for a connection. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** A body as undici gets it. What is small is on its way as soon as there is a connection. */
export async function sent(
  { body, signal }: TransportRequest,
  { pace, stop, limit, silence }: Sending,
): Promise<RequestBody | null> {
  if (body === undefined || (Buffer.isBuffer(body) && body.length <= SMALL_BODY_BYTES)) {
    await limit?.outgoing.take(body?.length ?? 0, signal);
    silence.begin();
    return body ?? null;
  }
  const pieces = Buffer.isBuffer(body) ? once(body) : body;
  return leaving(limited(pieces, limit?.outgoing, signal), pace, {
    stuck: (reason) => stop.abort(reason),
    taken: () => silence.begin(),
  });
}

interface Sending {
  readonly pace: Pace;
  readonly stop: AbortController;
  readonly limit: RateLimit | undefined;
  readonly silence: Silence;
}

/** In pieces, a body does not tell its length by itself. */
export function lengthOf(body: RequestBody | undefined): Record<string, string> {
  return Buffer.isBuffer(body) ? { "content-length": String(body.length) } : {};
}
