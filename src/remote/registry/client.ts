import { atMost, DEFAULT_CONCURRENCY, type Limit } from "../../content/concurrency.ts";
import { DrayError } from "../../errors.ts";
import type { Listener } from "../../events.ts";
import { Secrets } from "../http/secrets.ts";
import { readDocument } from "../http/content-coding.ts";
import { Patience, Transient } from "../http/patience.ts";
import { requireNoPage } from "../http/page.ts";
import { Transport, type TransportResponse } from "../http/transport.ts";
import { answerError, isPassing, warningsIn } from "./answer-error.ts";
import { BlobPlaces } from "./blob-places.ts";
import type { Scopes } from "./token-purse.ts";
import { hintFor, withWayOut } from "./hints.ts";
import type { ClientOptions, RegistryAccess } from "./access.ts";
import { connect, originsOf, type Connection } from "./connect.ts";
import { withReason } from "./bare-refusal.ts";
import { RequestLimit } from "./request-limit.ts";
import { Exchange, hintForHost, type ExchangeRequest } from "./exchange.ts";
import { MissingRepositories } from "./missing-repositories.ts";

export interface RegistryRequest extends ExchangeRequest {
  /** Below `/v2/`, or a whole address that the registry gave. */
  readonly path: string | URL;
  /** Answers that are no errors. */
  readonly accept: readonly number[];
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
  /** Hosts that keep its blobs and do not answer from here. */
  readonly closedStorages = new Set<string>();
  /** `REPOSITORY@DIGEST` of blobs that are said to be there, and of which that is all that is known. */
  readonly uncheckedSizes = new Set<string>();
  /** What the proxies before it take in one request. */
  readonly requestLimit = new RequestLimit();
  /** Folder in which is kept where its uploads go on; undefined for none. */
  readonly uploadNotes: string | undefined;
  /** It has said that it is made as distribution's own registry is. */
  isDistribution = false;
  /** What to do about repositories that are not there. */
  readonly missing: MissingRepositories;
  /** What it must not repeat in our messages. */
  readonly secrets = new Secrets();
  readonly #access: RegistryAccess;
  readonly #onEvent: Listener | undefined;
  readonly #transport: Transport;
  readonly #exchange: Exchange;
  readonly #warned = new Set<string>();
  #connection: Promise<Connection> | undefined;
  #origin: URL;

  constructor(registry: string, access: RegistryAccess, { side, onEvent }: ClientOptions) {
    this.registry = registry;
    this.name = side === undefined ? `registry ${registry}` : `${side} registry ${registry}`;
    this.limit = atMost(access.concurrency ?? DEFAULT_CONCURRENCY);
    this.patience = new Patience(this.name, access, onEvent);
    this.missing = new MissingRepositories({
      registry,
      maker: access.maker,
      patience: this.patience,
      say: (message) => this.warn(message),
    });
    this.uploadNotes = access.uploadNotes;
    this.#access = access;
    this.#origin = originsOf(registry, access)[0];
    this.#onEvent = onEvent;
    this.#transport = new Transport(access);
    this.#exchange = new Exchange({
      transport: this.#transport,
      secrets: this.secrets,
      name: this.name,
      onAnswer: (response) => this.#note(response),
      onSilence: (message) =>
        onEvent?.({ type: "retry", at: this.name, message: this.secrets.masked(message) }),
    });
  }

  /** Where it was found, or would be looked for first. */
  get origin(): URL {
    return this.#origin;
  }

  /** The header of a request that may do so much; undefined for none. */
  async authorization(scopes: Scopes, signal?: AbortSignal): Promise<string | undefined> {
    const { authenticator } = await this.#connect({ signal });
    return authenticator.header(scopes, signal);
  }

  /** Finds out how the registry is spoken to. @throws RegistryError if it cannot be reached */
  async ping(signal?: AbortSignal): Promise<void> {
    await this.#connect({ signal });
  }

  /** @throws RegistryError for an answer that is not in `accept`, or for none */
  async request(request: RegistryRequest): Promise<TransportResponse> {
    const { retry = true, signal } = request;
    const attempt = (): Promise<TransportResponse> => this.secrets.keptFrom(this.#attempt(request));
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
    const attempt = async (): Promise<{ response: TransportResponse; bytes: Buffer }> => {
      const response = await this.request(request);
      try {
        const bytes = await readDocument(response, maxBytes);
        const context = { action: request.action, registry: this.name };
        requireNoPage(bytes, response, context);
        return { response, bytes };
      } catch (cause) {
        throw this.#exchange.failure(cause, response.url, request);
      }
    };
    return this.patience.persist(() => this.secrets.keptFrom(attempt()), request.signal);
  }

  /** Says something about this registry that nobody should miss; of a topic once, and of few topics. */
  warn(message: string, topic?: string): void {
    if (topic !== undefined) {
      if (this.#warned.has(topic) || this.#warned.size > 20) return;
      this.#warned.add(topic);
    }
    this.#onEvent?.({ type: "warning", message: this.secrets.masked(message) });
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #attempt(request: RegistryRequest): Promise<TransportResponse> {
    const connection = await this.#connect(request);
    const { origin } = connection;
    const url =
      typeof request.path === "string" ? new URL(`/v2/${request.path}`, origin) : request.path;
    const asked = { registry: this.registry, connection, scopes: request.scopes };
    const send = (one: ExchangeRequest): Promise<TransportResponse> =>
      withWayOut(() => this.#exchange.send(connection, url, one), asked);
    const answer = await send(request);
    const response = request.accept.includes(answer.status)
      ? answer
      : await withReason(answer, request, send);
    if (request.accept.includes(response.status)) return response;
    const error = await answerError(response, {
      action: request.action,
      registry: this.name,
      hint: (said) => hintForHost(response, { url, origin }) ?? hintFor(said, asked),
      secrets: this.secrets,
      asked: origin,
    });
    const retryAfter = response.header("retry-after");
    throw isPassing(error) ? new Transient(error, { retryAfter }) : error;
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
    connection.then(
      ({ origin }) => (this.#origin = origin),
      () => undefined,
    );
    // A registry that cannot be reached is not tried again for each of a hundred images.
    connection.catch((error: unknown) => {
      if (!retry || !(error instanceof DrayError)) this.#connection = undefined;
    });
    return connection;
  }

  #note(response: TransportResponse): void {
    this.isDistribution ||= response.header("docker-distribution-api-version") !== undefined;
    for (const text of warningsIn(response)) this.warn(`${this.name} says: ${text}`, text);
  }
}
