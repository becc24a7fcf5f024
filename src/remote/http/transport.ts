import type { IncomingHttpHeaders } from "node:http";
import type * as Undici from "undici";
import { joinSignals } from "../../content/concurrency.ts";
import type { Bytes } from "../../content/content.ts";
import { DrayError } from "../../errors.ts";
import { VERSION } from "../../version.ts";
import { isConnectionFailure } from "./connection-failure.ts";
import { Dispatchers } from "./dispatchers.ts";
import { arriving, type Pace } from "./pace.ts";
import type { NetworkAccess } from "./network-access.ts";
import { ProxyFailure, refusedByProxy, unreachableProxy } from "./proxy-failure.ts";
import { limited } from "./rate-limit.ts";
import { asRead } from "./read-memory.ts";
import { lengthOf, sent, type TransportRequest } from "./http-request.ts";
import { Silence } from "./silence.ts";
import { StrayBytes, TalkativeHosts } from "./stray-bytes.ts";

export interface TransportResponse {
  readonly url: URL;
  readonly status: number;
  header(name: string): string | undefined;
  headers(name: string): readonly string[];
  readonly body: Bytes;
  /** Throws the body away so that the connection can be used again. */
  discard(): Promise<void>;
}

/** A proxy that keeps copies fetches a layer whole before it sends the first byte of it. */
const ANSWER_TIMEOUT = 3 * 60_000;
/** Silence in the middle of a body; a slow line is not silent. */
const IDLE_TIMEOUT = 60_000;
/** Slower than any line that somebody would carry images over: a modem of 1995 did four times that. */
const MIN_RATE = 1024;
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
  #undici: Promise<typeof Undici> | undefined;

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
    // Looked for each time, a module that is loaded costs as much as a small request.
    const undici = await (this.#undici ??= import("undici"));
    const { method, headers } = request;
    const stop = new AbortController();
    const pace = this.#pace;
    const limit = this.#access.limit;
    const silence = new Silence(this.#access.noticeAfter, request.onSilence);
    const dispatcher = await this.#dispatchers.for(url);
    const body = await sent(request, { pace, stop, limit, silence });
    const isTakenAtOnce = body === null || Buffer.isBuffer(body);
    const answerTimeout = this.#access.answerTimeout ?? ANSWER_TIMEOUT;
    const response = await this.#blaming(
      url,
      undici.request(url, {
        dispatcher,
        method,
        headers: { ...HEADERS, ...headers, ...lengthOf(request.body) },
        // An async iterable is fine for undici; only its types do not say so.
        body: body as Buffer | null,
        headersTimeout: Math.max(request.answerTimeout ?? 0, answerTimeout),
        bodyTimeout: pace.span,
        // Nothing can get stuck of what the system takes at once.
        signal: isTakenAtOnce ? request.signal : joinSignals(stop.signal, request.signal),
        // undici would close the connection of every HEAD.
        ...(method === "HEAD" ? { reset: this.#talkative.has(url) } : {}),
      }),
      silence,
    );
    // Connections of TLS read 16 KiB at a time: there it is better to get several joined.
    const pieces = url.protocol === "http:" ? asRead(response.body) : response.body;
    const headersOf = (name: string): readonly string[] => [response.headers[name] ?? []].flat();
    return {
      url,
      status: response.statusCode,
      headers: headersOf,
      header: (name) => headersOf(name)[0],
      body: limited(arriving(pieces, pace), limit?.incoming, request.signal),
      discard: () => response.body.dump({ limit: MAX_DISCARD_BYTES }),
    };
  }

  /** What a proxy did in the place of the host is the proxy's fault. */
  async #blaming<T extends { statusCode: number; headers: IncomingHttpHeaders }>(
    url: URL,
    answering: Promise<T>,
    silence: Silence,
  ): Promise<T> {
    const proxy = this.#dispatchers.forwarding(url);
    try {
      const { statusCode, headers } = await answering;
      if (proxy === undefined || statusCode !== 407) return await answering;
      throw refusedByProxy(statusCode, [headers["proxy-authenticate"] ?? []].flat(), proxy);
    } catch (cause) {
      if (proxy === undefined || cause instanceof ProxyFailure) throw cause;
      if (isForwardingRefused(cause)) throw refusedByProxy(407, [], proxy);
      throw isConnectionFailure(cause) ? unreachableProxy(cause, proxy) : cause;
    } finally {
      silence.end();
    }
  }

  get #pace(): Pace {
    const { minRate = MIN_RATE, idleTimeout = IDLE_TIMEOUT } = this.#access;
    return { least: minRate, span: idleTimeout };
  }
}

/** undici makes an error of a 407 by itself, and keeps what else the proxy said. */
function isForwardingRefused(cause: unknown): boolean {
  return cause instanceof Error && cause.message === "Proxy Authentication Required (407)";
}

/** Asking twice changes nothing. */
function isRepeatable({ method }: TransportRequest): boolean {
  return method === "GET" || method === "HEAD";
}

/** The value of an `Authorization` header (RFC 7617). */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** The start of a body, as far as it came: whoever sends more is cut off. */
export async function readStart({ body }: TransportResponse, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBytes) break;
    }
  } catch {
    // It breaks off, or somebody has ended the run, which the next request finds out.
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}

/** Reads a small body whole. @throws DrayError `DRAY_REGISTRY_ANSWER_TOO_LARGE` */
export async function readBody(response: TransportResponse, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(response, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(response: TransportResponse, maxBytes: number): DrayError {
  const isPage = /^text\/html\b/i.test(response.header("content-type") ?? "");
  const found = isPage ? "an HTML page that has more" : "more";
  return new DrayError(
    "DRAY_REGISTRY_ANSWER_TOO_LARGE",
    `Cannot read the answer of ${response.url.host}: expected at most ${maxBytes} bytes, found ${found}`,
    {
      kind: "refused",
      hint: isPage ? "A login page, a portal or a proxy answers in its place." : undefined,
    },
  );
}
