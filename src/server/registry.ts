import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { systemCode } from "../errors.ts";
import { ApiError, reasonOf } from "./api-error.ts";
import { dispatch } from "./dispatch.ts";
import {
  HttpServer,
  type Address,
  type HttpServerOptions,
  type ListenOptions,
} from "./http-server.ts";
import { refuse } from "./refuse.ts";
import { parseRoute } from "./route.ts";
import type { Catalog } from "./catalog.ts";

export interface RegistryOptions extends HttpServerOptions {
  /** Answer with full URLs in `Location`. @default false: a path, right behind any proxy */
  readonly absoluteLocations?: boolean | undefined;
}

/** A registry: a catalog, and the distribution API in front of it. */
export interface Registry {
  /** Answers requests; for a server of one's own, or to put something in front. */
  readonly listener: RequestListener;
  /** @throws DrayError `DRAY_SERVER_UNAVAILABLE`, `DRAY_TLS_INVALID` */
  listen(options: ListenOptions): Promise<Address>;
  /** Takes no more connections, lets requests end for a while, then closes the catalog. */
  close(): Promise<void>;
  /** Settles as the first `close` does, whoever called it. */
  readonly closed: Promise<void>;
}

export function createRegistry(catalog: Catalog, options: RegistryOptions = {}): Registry {
  const underWay = new Set<Promise<void>>();
  const listener: RequestListener = (request, response) => {
    // Whoever writes to it hears of its errors.
    response.on("error", () => {});
    const answering = answer(request, response, { catalog, options })
      .catch(() => void response.destroy())
      .finally(() => underWay.delete(answering));
    underWay.add(answering);
  };
  const server = new HttpServer(listener, options);
  const stop = async (): Promise<void> => {
    await server.close();
    // A request outlives its connection while it tidies up.
    await Promise.all(underWay);
    await catalog.close();
  };
  let settle: (stopping: Promise<void>) => void;
  const closed = new Promise<void>((resolve) => (settle = resolve));
  // Who closes gets the error; `closed` may have no reader.
  closed.catch(() => {});
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= stop();
    settle(closing);
    return closed;
  };
  return { listener, listen: (where) => server.listen(where), close, closed };
}

interface Context {
  readonly catalog: Catalog;
  readonly options: RegistryOptions;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { catalog, options }: Context,
): Promise<void> {
  const { absoluteLocations = false, onEvent } = options;
  try {
    response.setHeader("Docker-Distribution-API-Version", "registry/2.0");
    const [path = "", ...rest] = (request.url ?? "").split("?");
    const query = new URLSearchParams(rest.join("?"));
    const route = parseRoute(path, request.method ?? "");
    if (route === undefined) throw new ApiError("UNSUPPORTED", "no such endpoint", { status: 404 });
    await dispatch({ request, response, query, catalog, absoluteLocations }, route);
  } catch (error) {
    if (error instanceof ApiError) await refuse(request, response, error);
    else if (isGone(request, error)) response.destroy();
    else {
      const what = `${request.method ?? ""} ${(request.url ?? "").slice(0, 200)}`;
      const message = `Cannot answer ${what}: ${reasonOf(error)}`;
      onEvent?.({ type: "warning", message });
      await refuse(request, response, new ApiError("UNKNOWN", "internal error"));
    }
  }
}

/** What streams say when the other side has left, or was cut off while a write was under way. */
const GONE: ReadonlySet<string | undefined> = new Set([
  "ECANCELED",
  "ECONNRESET",
  "EPIPE",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

/** True if the client left, which is nobody's fault. */
function isGone({ socket }: IncomingMessage, error: unknown): boolean {
  return socket.destroyed && GONE.has(systemCode(error));
}
