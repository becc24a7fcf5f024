import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import { DrayError, systemCode } from "../errors.ts";
import type { Listener } from "../events.ts";

/** A client that is silent for so long in the middle of a request is cut off. */
const IDLE_MS = 120_000;

/** For the whole head of a request, however slowly it drips in. */
const HEADERS_MS = 30_000;

/** Longer than clients keep idle connections: one that closes first never meets a closed one. */
const KEEP_ALIVE_MS = 90_000;

/** What one machine's clients need many times over. */
const MAX_CONNECTIONS = 4096;

const GRACE_MS = 5000;

const IDLE_CHECK_MS = 50;

export interface TlsOptions {
  /** PEM: certificate and chain. */
  readonly cert: string | Uint8Array;
  /** PEM, without a passphrase. */
  readonly key: string | Uint8Array;
}

export interface ListenOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly tls?: TlsOptions | undefined;
  /** @default 120 s */
  readonly idleTimeoutMs?: number | undefined;
}

export interface Address {
  readonly url: string;
  readonly port: number;
}

export interface HttpServerOptions {
  /** How long requests under way get to end when the server closes. @default 5 s */
  readonly closeGraceMs?: number | undefined;
  readonly onEvent?: Listener | undefined;
}

/** Listens, and stops without leaving anybody in the dark for long. */
export class HttpServer {
  readonly #listener: RequestListener;
  readonly #options: HttpServerOptions;
  readonly #servers: Server[] = [];

  constructor(listener: RequestListener, options: HttpServerOptions = {}) {
    this.#listener = listener;
    this.#options = options;
  }

  async listen(options: ListenOptions): Promise<Address> {
    const { port, host, tls, idleTimeoutMs = IDLE_MS } = options;
    const server = create(this.#listener, tls);
    server.setTimeout(idleTimeoutMs);
    server.maxConnections = MAX_CONNECTIONS;
    try {
      server.listen(port, host);
      await once(server, "listening");
    } catch (cause) {
      throw unavailable(`${host}:${port}`, cause);
    }
    this.#servers.push(server);
    // Such as no more file descriptors for new connections: the ones there are go on.
    server.on("error", (error) => {
      this.#options.onEvent?.({ type: "warning", message: error.message });
    });
    const address = server.address();
    const bound = typeof address === "object" && address !== null ? address.port : port;
    const name = host.includes(":") ? `[${host}]` : host;
    return { url: `${tls === undefined ? "http" : "https"}://${name}:${bound}`, port: bound };
  }

  async close(): Promise<void> {
    const { closeGraceMs = GRACE_MS } = this.#options;
    await Promise.all(this.#servers.map((server) => stop(server, closeGraceMs)));
  }
}

function create(listener: RequestListener, tls: TlsOptions | undefined): Server {
  const limits = {
    // A blob may take hours; who sends nothing for a while is cut off by the idle timeout.
    requestTimeout: 0,
    headersTimeout: HEADERS_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
  };
  if (tls === undefined) return createServer(limits, listener);
  const { cert, key } = tls;
  try {
    return createTlsServer({ ...limits, cert: Buffer.from(cert), key: Buffer.from(key) }, listener);
  } catch (cause) {
    throw new DrayError("DRAY_TLS_INVALID", "Cannot use the certificate and key: expected PEM", {
      kind: "usage",
      cause,
    });
  }
}

async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, "close");
  server.close();
  // Connections become idle one after another, as their last requests end.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(force);
}

/** Why nobody can listen there, in words, and what helps. */
const UNAVAILABLE: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EACCES: ["this account may not listen on that port", "Choose a port from 1024 on."],
  EADDRINUSE: ["another program listens there", "Choose another port; 0 takes any that is free."],
  EADDRNOTAVAIL: ["this host has no such address", "Choose one of its own, such as 127.0.0.1."],
  ENOTFOUND: ["nobody knows a host of that name", "Choose an address of this host."],
};

function unavailable(where: string, cause: unknown): DrayError {
  const code = systemCode(cause) ?? "failed";
  const [reason, hint] = UNAVAILABLE[code] ?? [code, undefined];
  const message = `Cannot listen on ${where}: ${reason}`;
  return new DrayError("DRAY_SERVER_UNAVAILABLE", message, { cause, hint });
}
