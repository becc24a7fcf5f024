import { joinSignals } from "../../content/concurrency.ts";
import type { Bytes } from "../../content/content.ts";
import { DrayError } from "../../errors.ts";
import { Dispatchers } from "./dispatchers.ts";
import { arriving, leaving, type Pace } from "./pace.ts";
import type { NetworkAccess } from "./network-access.ts";
import { StrayBytes, TalkativeHosts } from "./stray-bytes.ts";
import { VERSION } from "../../version.ts";

export type RequestBody = Buffer | Bytes;

/** What every request has, whatever it carries. */
export interface RequestHead {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For requests that take longer than others to be answered. */
  readonly answerTimeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TransportRequest extends RequestHead {
  readonly body?: RequestBody | undefined;
}

export interface TransportResponse {
  readonly url: URL;
  readonly status: number;
  header(name: string): string | undefined;
  headers(name: string): readonly string[];
  readonly body: Bytes;
  /** Throws the body away so that the connection can be used again. */
  discard(): Promise<void>;
}

const ANSWER_TIMEOUT = 60_000;
/** Silence in the middle of a body; a slow line is not silent. */
const IDLE_TIMEOUT = 60_000;
/** Slower than any line that somebody would carry images over: a modem of 1995 did four times that. */
const MIN_RATE = 1024;
/** What the system takes at once for a connection. */
const SMALL_BODY_BYTES = 64 * 1024;
/** What is left of an unwanted body is read up to here, else the connection is cut. */
const MAX_DISCARD_BYTES = 64 * 1024;

/** So many connections of one host may carry something unasked for when a request meets them. */
const MAX_STRAYED = 4;

/** What comes compressed has another digest than what is stored. */
const HEADERS = { "user-agent": `dray/${VERSION}`, "accept-encoding": "identity" };

/**
 * HTTP and nothing else: no redirects, no credentials, no retries. `request` of undici neither
 * follows nor decodes anything by itself, which is what digests need.
 */
export class Transport {
  readonly #access: NetworkAccess;
  readonly #dispatchers: Dispatchers;
  readonly #talkative = new TalkativeHosts();

  constructor(access: NetworkAccess) {
    this.#access = access;
    this.#dispatchers = new Dispatchers(access);
  }

  async send(url: URL, request: TransportRequest): Promise<TransportResponse> {
    this.#access.contacts?.note(url);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#talkative.watch(url, request.method, () => this.#send(url, request));
      } catch (cause) {
        const again = cause instanceof StrayBytes && isRepeatable(request);
        if (!again || attempt === MAX_STRAYED) throw cause;
      }
    }
  }

  async close(): Promise<void> {
    await this.#dispatchers.close();
  }

  async #send(url: URL, request: TransportRequest): Promise<TransportResponse> {
    const undici = await import("undici");
    const { method, headers } = request;
    const stop = new AbortController();
    const pace = this.#pace;
    const response = await undici.request(url, {
      dispatcher: await this.#dispatchers.for(url),
      method,
      headers: { ...HEADERS, ...headers, ...lengthOf(request.body) },
      // An async iterable is fine for undici; only its types do not say so.
      body: sent(request.body, pace, stop) as Buffer | null,
      headersTimeout: request.answerTimeout ?? this.#access.answerTimeout ?? ANSWER_TIMEOUT,
      bodyTimeout: pace.span,
      signal: joinSignals(stop.signal, request.signal),
      // undici would close the connection of every HEAD.
      ...(method === "HEAD" ? { reset: this.#talkative.has(url) } : {}),
    });
    const headersOf = (name: string): readonly string[] => [response.headers[name] ?? []].flat();
    return {
      url,
      status: response.statusCode,
      headers: headersOf,
      header: (name) => headersOf(name)[0],
      body: arriving(response.body, pace),
      discard: () => response.body.dump({ limit: MAX_DISCARD_BYTES }),
    };
  }

  get #pace(): Pace {
    const { minRate = MIN_RATE, idleTimeout = IDLE_TIMEOUT } = this.#access;
    return { least: minRate, span: idleTimeout };
  }
}

/** Asking twice changes nothing. */
function isRepeatable({ method }: TransportRequest): boolean {
  return method === "GET" || method === "HEAD";
}

/** A body as undici gets it. What is small is on its way as soon as there is a connection. */
function sent(
  body: RequestBody | undefined,
  pace: Pace,
  stop: AbortController,
): RequestBody | null {
  if (body === undefined) return null;
  if (Buffer.isBuffer(body) && body.length <= SMALL_BODY_BYTES) return body;
  const pieces = Buffer.isBuffer(body) ? [body] : body;
  return leaving(pieces, pace, (reason) => stop.abort(reason));
}

/** In pieces, a body does not tell its length by itself. */
function lengthOf(body: RequestBody | undefined): Record<string, string> {
  return Buffer.isBuffer(body) ? { "content-length": String(body.length) } : {};
}

/** The value of an `Authorization` header (RFC 7617). */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

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
