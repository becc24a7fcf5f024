import { DrayError, RegistryError } from "../../errors.ts";
import { Authenticator } from "./auth.ts";
import { brandOf, type Brand } from "./brand.ts";
import {
  CLIENT_CERTIFICATE,
  connectionFailure,
  isConnectionCut,
  isConnectionFailure,
  isOtherProtocol,
  isOtherThanTls,
} from "../http/connection-failure.ts";
import type { RegistryAccess } from "./access.ts";
import { isLoopback } from "../http/address.ts";
import { Transient, type Patience } from "../http/patience.ts";
import { PAGE_HINT } from "../http/page.ts";
import type { Transport, TransportResponse } from "../http/transport.ts";
import { pageIn, type Page } from "./hello.ts";

export interface Connection {
  readonly origin: URL;
  readonly authenticator: Authenticator;
  readonly brand: Brand | undefined;
}

export interface ConnectOptions {
  /** `source registry ghcr.io`, for messages. */
  readonly name: string;
  readonly access: RegistryAccess;
  readonly patience: Patience;
  /** Wait for a registry that does not answer. */
  readonly retry: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds out how a registry is spoken to, and what it asks for: over https, and over plain http only
 * where the user allowed it or the registry is on this very host.
 *
 * @throws RegistryError `DRAY_REGISTRY_UNREACHABLE`, `DRAY_REGISTRY_NOT_FOUND`
 */
export async function connect(
  registry: string,
  transport: Transport,
  options: ConnectOptions,
): Promise<Connection> {
  const { patience, retry, signal } = options;
  const origins = originsOf(registry, options.access);
  const attempt = (): Promise<TransportResponse> => ping(origins, transport, options);
  try {
    const response = await (retry
      ? patience.persist(attempt, signal)
      : patience.once(attempt, signal));
    return await accept(response, { registry, transport, options });
  } catch (failure) {
    throw failure instanceof Transient ? failure.error : failure;
  }
}

/** The answer over the first scheme that the registry speaks. */
async function ping(
  origins: readonly URL[],
  transport: Transport,
  options: ConnectOptions,
): Promise<TransportResponse> {
  const { signal } = options;
  let brokenOff: Error | undefined;
  for (const [index, origin] of origins.entries()) {
    const isLast = index === origins.length - 1;
    try {
      const response = await transport.send(new URL("/v2/", origin), { method: "GET", signal });
      if (isLast || !wantsTls(response)) return response;
      await response.discard();
    } catch (cause) {
      signal?.throwIfAborted();
      const failure = pingFailure(cause, origin, options);
      // It speaks plain http after all, and the connection only broke.
      if (brokenOff !== undefined && isOtherThanTls(cause)) throw brokenOff;
      if (isLast || !mayBeOther(cause, options.access)) throw failure;
      brokenOff = failure instanceof Error ? failure : undefined;
    }
  }
  throw new Error("a registry has at least one origin");
}

function pingFailure(cause: unknown, origin: URL, { name }: ConnectOptions): unknown {
  const hint = origin.protocol === "http:" ? NOT_PLAIN : CUT_OFF;
  const isCut = isOtherScheme(cause) && (origin.protocol === "http:" || !isOtherProtocol(cause));
  return connectionFailure(cause, origin, {
    action: "connect",
    registry: name,
    hint: isCut ? hint : undefined,
  });
}

/** Where a registry may be, in the order in which it is looked for. */
export function originsOf(
  registry: string,
  { plainHttp, maybePlainHttp }: RegistryAccess,
): [URL, ...URL[]] {
  const secure = registryOrigin(registry, "https");
  const plain = registryOrigin(registry, "http");
  if (plainHttp === true) return [plain];
  // On this host nobody listens in between, and most registries here are for tests.
  if (isLoopback(secure)) return [plain, secure];
  return maybePlainHttp === true ? [secure, plain] : [secure];
}

/** Where the API of a registry is; Docker Hub's is not where its name says. @internal for tests */
export function registryOrigin(registry: string, scheme: "http" | "https"): URL {
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  try {
    return new URL(`${scheme}://${host}/`);
  } catch (cause) {
    throw new DrayError(
      "DRAY_REFERENCE_INVALID",
      `Cannot use registry ${JSON.stringify(registry)}: expected host[:port], with a port up to 65535`,
      { kind: "usage", hint: "A port is a number from 1 to 65535.", cause },
    );
  }
}

async function accept(
  response: TransportResponse,
  context: { registry: string; transport: Transport; options: ConnectOptions },
): Promise<Connection> {
  const { registry, transport, options } = context;
  const origin = new URL("/", response.url);
  const { credentials = async () => undefined, allowedTokenHosts = [] } = options.access;
  const authenticator = new Authenticator({
    registry,
    origin,
    transport,
    patience: options.patience,
    credentials,
    allowedTokenHosts,
  });
  if (response.status === 401) authenticator.learn(response);
  const page = await pageIn(response, transport, options.signal);
  const brand = brandOf(registry, response);
  if (response.status === 404) throw notARegistry(origin, { name: options.name, brand });
  if (page !== undefined) throw isPage(page, { origin, name: options.name });
  if (origin.protocol === "http:" && wantsTls(response)) throw notPlain(origin, options.name);
  return { origin, authenticator, brand };
}

function notARegistry(
  origin: URL,
  { name, brand }: { name: string; brand: Brand | undefined },
): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_NOT_FOUND",
    `Cannot connect at ${name}: ${new URL("/v2/", origin).href} answered 404`,
    { status: 404, hint: brand === "nexus" ? NEXUS_PORT : NO_REGISTRY },
  );
}

function isPage(
  { url, title }: Page,
  { origin, name }: { origin: URL; name: string },
): RegistryError {
  const hello = new URL("/v2/", origin).href;
  const asked =
    url.href === hello ? hello : `${hello} sends this on to ${url.origin}${url.pathname}, which`;
  return new RegistryError(
    "DRAY_REGISTRY_NOT_FOUND",
    `Cannot connect at ${name}: ${asked} answered 200 with ${title}`,
    { status: 200, hint: PAGE_HINT },
  );
}

const NO_REGISTRY = "This host answers, but not as a registry. Is the port right?";

const NEXUS_PORT =
  "This is Nexus, and not a docker repository of it: each has a port of its own, HOST:PORT, or with path-based routing (3.83 and newer) the path HOST/REPOSITORY.";

const NOT_PLAIN = "It seems to speak https: leave out --plain-http.";

/** Whoever wants to see a certificate ends the connection before it says so. */
const CUT_OFF = `It ended the connection without a word. ${CLIENT_CERTIFICATE.replace("It wants", "It may want")} Or a firewall in between does not let it through.`;

function notPlain(origin: URL, name: string): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_UNREACHABLE",
    `Cannot connect at ${name}: ${origin.host} answered 400 to a request in plain http`,
    { status: 400, hint: NOT_PLAIN },
  );
}

/** Some servers tell a client in plain http that they expect TLS. */
function wantsTls({ status }: TransportResponse): boolean {
  return status === 400;
}

/** The next scheme is worth a try. */
function mayBeOther(error: unknown, { maybePlainHttp }: RegistryAccess): boolean {
  if (isOtherScheme(error)) return true;
  return maybePlainHttp === true && (isOtherThanTls(error) || isConnectionFailure(error));
}

/** The connection was cut by a server that speaks the other scheme. */
function isOtherScheme(error: unknown): boolean {
  return isOtherProtocol(error) || isConnectionCut(error);
}
