import type { ErrorCode } from "../../codes.ts";
import { RegistryError, type DrayError } from "../../errors.ts";
import type { Listener } from "../../events.ts";
import { isLoopback } from "../http/address.ts";
import { connectionFailure, type ErrorContext } from "../http/connection-failure.ts";
import { requireNoPage } from "../http/page.ts";
import { follow } from "../http/redirects.ts";
import { isRetriedStatus, Patience, Transient } from "../http/patience.ts";
import type { NetworkAccess } from "../http/network-access.ts";
import { Secrets } from "../http/secrets.ts";
import { readBody, Transport, type TransportResponse } from "../http/transport.ts";
import { IndexCache } from "./index-cache.ts";
import {
  keepsLogin,
  loginHint,
  secretFor,
  withLogin,
  type RepositoryLogin,
} from "./repository-login.ts";
import { fileUrl, indexUrl, provenanceUrl, shownUrl } from "./repository-address.ts";
import { schemeHint, unencrypted } from "./repository-scheme.ts";
import { MAX_INDEX_BYTES, readIndex, type IndexEntry } from "./repository-index.ts";

export interface ChartRepositoryOptions {
  readonly access: NetworkAccess;
  readonly login: RepositoryLogin;
  /** Directory for what is asked for again and again. @default nothing is kept */
  readonly cache?: string | undefined;
  readonly onEvent?: Listener | undefined;
}

interface Request {
  /** For messages: `read the index`. */
  readonly action: string;
  readonly maxBytes: number;
  /** Statuses that are no errors. */
  readonly accept: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  /** A page for people is an answer too. @default false */
  readonly mayBePage?: boolean;
  readonly signal: AbortSignal | undefined;
}

interface Answer {
  readonly response: TransportResponse;
  readonly bytes: Buffer;
}

/**
 * A classic chart repository: an `index.yaml` and files that it names.
 * https://helm.sh/docs/topics/chart_repository/
 */
export class ChartRepository {
  readonly url: URL;
  /** For messages. */
  readonly name: string;
  readonly #login: RepositoryLogin;
  readonly #transport: Transport;
  /** For other hosts, which the login says nothing about. */
  readonly #elsewhere: Transport;
  readonly #patience: Patience;
  readonly #cache: IndexCache | undefined;
  readonly #secrets = new Secrets();
  /** What breaks off after that speaks the right scheme. */
  #hasAnswered = false;
  #index: Promise<Buffer> | undefined;

  /** @throws DrayError `DRAY_CHART_REPOSITORY_INVALID` for http without encryption */
  constructor(url: URL, { access, login, cache, onEvent }: ChartRepositoryOptions) {
    if (url.protocol === "http:" && access.plainHttp !== true && !isLoopback(url)) {
      throw unencrypted(url);
    }
    this.url = url;
    this.name = `chart repository ${shownUrl(url)}`;
    this.#login = login;
    this.#transport = new Transport(withLogin(access, login));
    this.#elsewhere = new Transport(access);
    this.#patience = new Patience(this.name, access, onEvent);
    this.#cache = cache === undefined ? undefined : new IndexCache(cache);
    this.#secrets.note(secretFor(url, url, login)["authorization"]);
  }

  /** Every version of a chart that the index has, in no order. */
  async versions(chart: string, signal?: AbortSignal): Promise<readonly IndexEntry[]> {
    this.#index ??= this.#readIndex(signal);
    return readIndex(await this.#index, chart, `the index of ${this.name}`);
  }

  /** A file that the index names, relative to the repository or absolute. */
  async download(
    place: string,
    { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal | undefined },
  ): Promise<Buffer> {
    const url = fileUrl(place, this.url);
    const action = `pull ${shownUrl(url)}`;
    return (await this.#get(url, { action, maxBytes, accept: [200], signal })).bytes;
  }

  /** The provenance beside that file. What is none, such as a page that says so, is not there. */
  async provenance(
    place: string,
    { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal | undefined },
  ): Promise<Buffer | undefined> {
    const url = provenanceUrl(fileUrl(place, this.url));
    const { response, bytes } = await this.#get(url, {
      action: `pull ${shownUrl(url)}`,
      maxBytes,
      // Stores of objects say that something may not be seen where it does not exist.
      accept: [200, 403, 404, 410],
      mayBePage: true,
      signal,
    });
    return response.status === 200 && bytes.includes("-----BEGIN PGP") ? bytes : undefined;
  }

  async close(): Promise<void> {
    await this.#transport.close();
    await this.#elsewhere.close();
  }

  async #readIndex(signal: AbortSignal | undefined): Promise<Buffer> {
    const known = await this.#cache?.read(this.url);
    const { response, bytes } = await this.#get(indexUrl(this.url), {
      action: "read the index",
      maxBytes: MAX_INDEX_BYTES,
      accept: known === undefined ? [200] : [200, 304],
      headers: known === undefined ? {} : { "if-none-match": known.etag },
      signal,
    });
    if (known !== undefined && response.status === 304) return known.bytes;
    const etag = response.header("etag");
    if (etag !== undefined) await this.#cache?.write(this.url, { etag, bytes });
    return bytes;
  }

  #get(url: URL, request: Request): Promise<Answer> {
    const { signal } = request;
    const attempt = (): Promise<Answer> => this.#secrets.keptFrom(this.#attempt(url, request));
    return this.#patience.persist(attempt, signal);
  }

  async #attempt(url: URL, request: Request): Promise<Answer> {
    const { maxBytes, headers, signal } = request;
    let at = url;
    try {
      const response = await follow(url, {
        method: "GET",
        secret: secretFor(url, this.url, this.#login),
        isTrusted: async (next) => keepsLogin(next, this.url, this.#login),
        send: (next, secret) => {
          at = next;
          const transport = next.origin === this.url.origin ? this.#transport : this.#elsewhere;
          return transport.send(next, {
            method: "GET",
            headers: { ...headers, ...secret },
            signal,
          });
        },
      });
      this.#hasAnswered = true;
      if (request.accept.includes(response.status)) {
        const bytes = await readBody(response, maxBytes);
        if (request.mayBePage !== true) requireNoPage(bytes, response, this.#context(request));
        return { response, bytes };
      }
      await response.discard();
      throw this.#refused(response, request);
    } catch (cause) {
      signal?.throwIfAborted();
      const hint = this.#hasAnswered ? undefined : schemeHint(at, cause);
      throw connectionFailure(cause, at, { ...this.#context(request), hint });
    }
  }

  #context({ action }: Request): ErrorContext & { readonly code: ErrorCode } {
    return { action, registry: this.name, code: "DRAY_CHART_REPOSITORY_FAILED" };
  }

  #refused(response: TransportResponse, { action }: Request): DrayError | Transient {
    const { status, url } = response;
    const error = new RegistryError(
      "DRAY_CHART_REPOSITORY_FAILED",
      `Cannot ${action} of ${this.name}: ${url.host} answered ${status}`,
      { status, hint: this.#hintFor(response) },
    );
    const retryAfter = response.header("retry-after");
    return isRetriedStatus(status) ? new Transient(error, { retryAfter }) : error;
  }

  #hintFor({ status, url }: TransportResponse): string | undefined {
    if (status === 400) return schemeHint(url);
    if (status === 404) return "Check the address: it is the one that `helm repo add` takes.";
    return status === 401 || status === 403 ? loginHint(url, this.url, this.#login) : undefined;
  }
}
