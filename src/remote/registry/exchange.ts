import { RegistryError } from "../../errors.ts";
import { connectionFailure, isUnreachable } from "../http/connection-failure.ts";
import { follow } from "../http/redirects.ts";
import type { RequestBody, RequestHead } from "../http/http-request.ts";
import type { Transport, TransportResponse } from "../http/transport.ts";
import type { Connection } from "./connect.ts";
import { readExpiry } from "./expiry.ts";
import type { Secrets } from "../http/secrets.ts";
import type { Scopes } from "./token-purse.ts";

export interface ExchangeRequest extends RequestHead {
  /** For messages: `push blob sha256:…`. */
  readonly action: string;
  readonly scopes: Scopes;
  /** Opened anew for every attempt. */
  readonly body?: (() => RequestBody) | undefined;
  /** Hand out a redirect to another origin instead of following it. @default false */
  readonly stayHome?: boolean | undefined;
}

export interface ExchangeOptions {
  readonly transport: Transport;
  readonly secrets: Secrets;
  /** `source registry ghcr.io`, for messages. */
  readonly name: string;
  /** Sees every answer. */
  readonly onAnswer: (response: TransportResponse) => void;
  /** Hears that an answer is long in coming. */
  readonly onSilence: (message: string) => void;
}

/** One request and its answer: with credentials for the registry's own origin, redirects followed. */
export class Exchange {
  readonly #options: ExchangeOptions;
  /** Origins that have answered. */
  readonly #reached = new Set<string>();

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  async send(
    { origin, authenticator }: Connection,
    url: URL,
    request: ExchangeRequest,
  ): Promise<TransportResponse> {
    // An upload that was sent elsewhere, or a redirect, is between us and that host alone.
    if (url.origin !== origin.origin) return this.#elsewhere(url, request);
    const { scopes, signal } = request;
    const sent = await authenticator.header(scopes, signal);
    const answer = await this.#followed(url, request, sent);
    const isHome = answer.url.origin === origin.origin;
    const judged = { method: request.method, sent: isHome ? sent : undefined };
    const { response, mayBeExpired } = await readExpiry(answer, judged);
    if (response.status !== 401 && !mayBeExpired) {
      authenticator.noteAccepted(sent);
      return response;
    }
    if (!isHome) return response;
    const refused = { scopes, sent, signal };
    const renewing = mayBeExpired
      ? authenticator.replaced(refused)
      : authenticator.renewed(response, refused);
    // The body is what an error is made of; in any other case nobody reads it.
    if ((await renewing.catch(() => "")) === undefined) return response;
    await response.discard();
    return this.#followed(url, request, await renewing);
  }

  /** What to throw when a connection failed; what is not its fault is thrown as it is. */
  failure(cause: unknown, url: URL, { action, signal }: ExchangeRequest): unknown {
    signal?.throwIfAborted();
    return connectionFailure(cause, url, { action, registry: this.#options.name });
  }

  /** @throws RegistryError `DRAY_REGISTRY_LOCATION` at once where nobody can have meant that host */
  async #elsewhere(url: URL, request: ExchangeRequest): Promise<TransportResponse> {
    try {
      return await this.#followed(url, request, undefined);
    } catch (error) {
      if (this.#reached.has(url.origin) || !isUnreachable(error)) throw error;
      throw wrongLocation(url, { cause: error, action: request.action, name: this.#options.name });
    }
  }

  #followed(
    start: URL,
    request: ExchangeRequest,
    authorization: string | undefined,
  ): Promise<TransportResponse> {
    this.#options.secrets.note(authorization);
    return follow(start, {
      method: request.method,
      secret: authorization === undefined ? {} : { authorization },
      stayHome: request.stayHome,
      send: (url, secret) => this.#sent(url, request, secret),
    });
  }

  async #sent(
    url: URL,
    request: ExchangeRequest,
    secret: Readonly<Record<string, string>>,
  ): Promise<TransportResponse> {
    const { transport, onAnswer, onSilence } = this.#options;
    try {
      const response = await transport.send(url, {
        ...request,
        headers: { ...request.headers, ...secret },
        body: request.body?.(),
        onSilence: (seconds) => {
          onSilence(`no answer from ${url.host} for ${seconds} s, waiting on: ${request.action}`);
        },
      });
      this.#reached.add(url.origin);
      onAnswer(response);
      return response;
    } catch (cause) {
      throw this.failure(cause, url, request);
    }
  }
}

const STORAGE_HINT =
  "The registry keeps its content at that host: it has to be reachable from here, and the clock of this host right.";

/** What to do about an answer that came from somewhere else than the registry. */
export function hintForHost(
  response: TransportResponse,
  { url, origin }: { url: URL; origin: URL },
): string | undefined {
  if (url.origin !== origin.origin) return LOCATION_HINT;
  return response.url.origin === origin.origin ? undefined : STORAGE_HINT;
}

/** What whoever runs a registry behind a proxy has to hear. */
const LOCATION_HINT =
  "Tell whoever runs the registry: it names an inner address of its own. The proxy before it must pass Host and X-Forwarded-Proto, or the registry be told its outer address (registry: http.relativeurls, Harbor: external_url, Nexus and Artifactory: base URL).";

function wrongLocation(
  { origin }: URL,
  { cause, action, name }: { cause: unknown; action: string; name: string },
): RegistryError {
  const said = cause instanceof Error ? /\(([^]*)\)$/.exec(cause.message)?.[1] : undefined;
  return new RegistryError(
    "DRAY_REGISTRY_LOCATION",
    `Cannot ${action} at ${name}: it sends this on to ${origin}, which cannot be reached from here${said === undefined ? "" : ` (${said})`}`,
    { status: 0, kind: "refused", cause, hint: LOCATION_HINT },
  );
}
