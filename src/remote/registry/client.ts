import { atMost, DEFAULT_CONCURRENCY, type Limit } from "../../content/concurrency.ts";
import { DrayError } from "../../errors.ts";
import type { Listener } from "../../events.ts";
import { answerError, warningsIn } from "./answer-error.ts";
import { Secrets } from "./secrets.ts";
import type { Scopes } from "./token-purse.ts";
import { BlobPlaces } from "./blob-places.ts";
import { connectionFailure } from "../http/connection-failure.ts";
import type { ClientOptions, RegistryAccess } from "./access.ts";
import { connect, type Connection } from "./connect.ts";
import { isRetriedStatus, Patience, Transient } from "../http/patience.ts";
import { follow } from "../http/redirects.ts";
import {
  readBody,
  Transport,
  type RequestBody,
  type RequestHead,
  type TransportResponse,
} from "../http/transport.ts";

export interface RegistryRequest extends RequestHead {
  /** Below `/v2/`, or a whole address that the registry gave. */
  readonly path: string | URL;
  /** For messages: `push blob sha256:…`. */
  readonly action: string;
  readonly scopes: Scopes;
  /** Answers that are no errors. */
  readonly accept: readonly number[];
  /** Opened anew for every attempt. */
  readonly body?: (() => RequestBody) | undefined;
  /** False for requests that change what the next attempt would find. @default true */
  readonly retry?: boolean | undefined;
}

/**
 * One registry: authenticates, retries, follows redirects. Credentials go to its own origin and
 * nowhere else.
 */
export class RegistryClient {
  readonly registry: string;
  /** `source registry ghcr.io`, for messages. */
  readonly name: string;
  readonly blobPlaces = new BlobPlaces();
  /** Shared by all copies from or to this registry. */
  readonly limit: Limit;
  readonly patience: Patience;
  readonly #access: RegistryAccess;
  readonly #onEvent: Listener | undefined;
  readonly #transport: Transport;
  readonly #secrets = new Secrets();
  readonly #warned = new Set<string>();
  #connection: Promise<Connection> | undefined;

  constructor(registry: string, access: RegistryAccess, { side, onEvent }: ClientOptions) {
    this.registry = registry;
    this.name = side === undefined ? `registry ${registry}` : `${side} registry ${registry}`;
    this.limit = atMost(access.concurrency ?? DEFAULT_CONCURRENCY);
    this.patience = new Patience(this.name, access, onEvent);
    this.#access = access;
    this.#onEvent = onEvent;
    this.#transport = new Transport(access);
  }

  /** Finds out how the registry is spoken to. @throws RegistryError if it cannot be reached */
  async ping(signal?: AbortSignal): Promise<void> {
    await this.#connect({ signal });
  }

  /** @throws RegistryError for an answer that is not in `accept`, or for none */
  async request(request: RegistryRequest): Promise<TransportResponse> {
    const { retry = true, signal } = request;
    const attempt = (): Promise<TransportResponse> =>
      this.#secrets.keptFrom(this.#attempt(request));
    if (retry) return this.patience.persist(attempt, signal);
    try {
      return await this.patience.once(attempt, signal);
    } catch (failure) {
      throw failure instanceof Transient ? failure.error : failure;
    }
  }

  /** As `request`, with a small body read whole: one that breaks off is asked for again. */
  async read(
    request: RegistryRequest,
    maxBytes: number,
  ): Promise<{ response: TransportResponse; bytes: Buffer }> {
    return this.patience.persist(async () => {
      const response = await this.request(request);
      try {
        return { response, bytes: await readBody(response, maxBytes) };
      } catch (cause) {
        throw this.#failure(cause, response.url, request);
      }
    }, request.signal);
  }

  /** Says something about this registry that nobody should miss. */
  warn(message: string): void {
    this.#onEvent?.({ type: "warning", message });
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #attempt(request: RegistryRequest): Promise<TransportResponse> {
    const { origin, authenticator } = await this.#connect(request);
    const url =
      typeof request.path === "string" ? new URL(`/v2/${request.path}`, origin) : request.path;
    const response = await this.#authorized(url, request);
    if (request.accept.includes(response.status)) return response;
    const error = await answerError(response, {
      action: request.action,
      registry: this.name,
      hint: authenticator.hintFor(response.status),
      secrets: this.#secrets,
    });
    const retryAfter = response.header("retry-after");
    throw isRetriedStatus(response.status) ? new Transient(error, { retryAfter }) : error;
  }

  async #authorized(url: URL, request: RegistryRequest): Promise<TransportResponse> {
    const { origin, authenticator } = await this.#connect(request);
    // An upload that was sent elsewhere, or a redirect, is between us and that host alone.
    if (url.origin !== origin.origin) return this.#followed(url, request, undefined);
    const { scopes, signal } = request;
    const sent = await authenticator.header(scopes, signal);
    const response = await this.#followed(url, request, sent);
    if (response.status !== 401) {
      authenticator.noteAccepted(sent);
      return response;
    }
    if (response.url.origin !== origin.origin) return response;
    const renewing = authenticator.renewed(response, { scopes, sent, signal });
    // The body is what an error is made of; in any other case nobody reads it.
    if ((await renewing.catch(() => "")) === undefined) return response;
    await response.discard();
    return this.#followed(url, request, await renewing);
  }

  #followed(
    start: URL,
    request: RegistryRequest,
    authorization: string | undefined,
  ): Promise<TransportResponse> {
    this.#secrets.note(authorization);
    return follow(start, {
      method: request.method,
      secret: authorization === undefined ? {} : { authorization },
      send: (url, secret) => this.#sent(url, request, secret),
    });
  }

  async #sent(
    url: URL,
    request: RegistryRequest,
    secret: Readonly<Record<string, string>>,
  ): Promise<TransportResponse> {
    try {
      const response = await this.#transport.send(url, {
        ...request,
        headers: { ...request.headers, ...secret },
        body: request.body?.(),
      });
      this.#noteWarnings(response);
      return response;
    } catch (cause) {
      throw this.#failure(cause, url, request);
    }
  }

  /** What to throw when a connection failed; what is not its fault is thrown as it is. */
  #failure(cause: unknown, url: URL, { action, signal }: RegistryRequest): unknown {
    signal?.throwIfAborted();
    return connectionFailure(cause, url, { action, registry: this.name });
  }

  /** Whoever does not want to try again does not wait for a registry to come up either. */
  #connect({
    retry = true,
    signal,
  }: Pick<RegistryRequest, "retry" | "signal">): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    const connection = connect(this.registry, this.#transport, {
      access: this.#access,
      name: this.name,
      patience: this.patience,
      retry,
      signal,
    });
    this.#connection = connection;
    // A registry that cannot be reached is not tried again for each of a hundred images.
    connection.catch((error: unknown) => {
      if (!retry || !(error instanceof DrayError)) this.#connection = undefined;
    });
    return connection;
  }

  #noteWarnings(response: TransportResponse): void {
    for (const text of warningsIn(response)) {
      if (this.#warned.has(text) || this.#warned.size > 20) continue;
      this.#warned.add(text);
      this.warn(`${this.name} says: ${this.#secrets.masked(text)}`);
    }
  }
}
