import { RegistryError } from "../../errors.ts";
import { connectionFailure } from "../http/connection-failure.ts";
import { isRetriedStatus, Transient } from "../http/patience.ts";
import type { RequestHead } from "../http/http-request.ts";
import { readBody, type Transport } from "../http/transport.ts";

/** A request as the SDK makes it, signed. */
interface AwsRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface AwsResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** What the services say is short; a token has some kilobytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;

const METHODS: readonly RequestHead["method"][] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/**
 * Sends what the SDK asks for over the connections that registries are spoken to over: the same
 * certificates, proxies and timeouts. It waits for nobody: whoever asked does.
 */
export class AwsRequests {
  readonly #transport: Transport;
  readonly #name: string;

  /** `name` says in messages for whom it is asked. */
  constructor(transport: Transport, name: string) {
    this.#transport = transport;
    this.#name = name;
  }

  /** @throws Transient where another try may go better */
  async handle(
    request: AwsRequest,
    { abortSignal }: { abortSignal?: unknown } = {},
  ): Promise<{ response: AwsResponse }> {
    const url = urlOf(request);
    const context = { action: "ask AWS", registry: this.#name };
    const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined;
    try {
      const response = await this.#transport.send(url, {
        method: METHODS.find((one) => one === request.method) ?? "POST",
        headers: withoutHost(request.headers),
        body: bytesOf(request.body),
        signal,
      });
      const body = await readBody(response, MAX_ANSWER_BYTES);
      const { status } = response;
      if (isRetriedStatus(status)) throw busy(url, status, this.#name);
      const type = response.header("content-type");
      const requestId = response.header("x-amzn-requestid");
      return {
        response: {
          statusCode: status,
          headers: {
            ...(type === undefined ? {} : { "content-type": type }),
            ...(requestId === undefined ? {} : { "x-amzn-requestid": requestId }),
          },
          body,
        },
      };
    } catch (cause) {
      signal?.throwIfAborted();
      throw connectionFailure(cause, url, context);
    }
  }

  /** The SDK would change timeouts here, which are the user's. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  /** Connections belong to whoever gave them. */
  destroy(): void {}
}

function urlOf({ protocol, hostname, port, path, query = {} }: AwsRequest): URL {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`);
  for (const [key, value] of Object.entries(query)) {
    for (const one of [value ?? ""].flat()) url.searchParams.append(key, one);
  }
  return url;
}

/** undici writes it, out of the address that was signed. */
function withoutHost(headers: Readonly<Record<string, string>>): Record<string, string> {
  const given = Object.entries(headers);
  return Object.fromEntries(given.filter(([name]) => !OWN_HEADERS.has(name.toLowerCase())));
}

const OWN_HEADERS: ReadonlySet<string> = new Set(["host", "content-length"]);

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return Buffer.from(body);
  // What the SDK makes is a text too, and warns whoever takes it for one.
  if (body instanceof Uint8Array) {
    return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  }
  throw new TypeError("the SDK sends no streams to these services");
}

function busy(url: URL, status: number, name: string): Transient {
  return new Transient(
    new RegistryError(
      "DRAY_ECR_REFUSED",
      `Cannot ask AWS at ${name}: ${url.host} answered ${status}`,
      { status },
    ),
  );
}
