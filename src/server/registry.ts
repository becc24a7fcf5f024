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
import type { RegistryStore } from "./catalog.ts";

export interface RegistryOptions extends HttpServerOptions {
  /** Answer with full URLs in `Location`. @default false: a path, right behind any proxy */
  readonly absoluteLocations?: boolean | undefined;
}

/** A registry: content in a store, the distribution API in front of it. */
export interface Registry {
  /** Answers requests; for a server of one's own, or to put something in front. */
  readonly listener: RequestListener;
  /** @throws DrayError `DRAY_SERVER_UNAVAILABLE`, `DRAY_TLS_INVALID` */
  listen(options: ListenOptions): Promise<Address>;
  /** Takes no more connections, lets requests end for a while, then closes the store. */
  close(): Promise<void>;
}

export function createRegistry(store: RegistryStore, options: RegistryOptions = {}): Registry {
  const underWay = new Set<Promise<void>>();
  const listener: RequestListener = (request, response) => {
    // Whoever writes to it hears of its errors.
    response.on("error", () => {});
    const answering = answer(request, response, { store, options })
      .catch(() => void response.destroy())
      .finally(() => underWay.delete(answering));
    underWay.add(answering);
  };
  const server = new HttpServer(listener, options);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await server.close();
    // A request outlives its connection while it tidies up.
    await Promise.all(underWay);
    await store.close();
  };
  return {
    listener,
    listen: (where) => server.listen(where),
    close: () => (closing ??= close()),
  };
}

interface Context {
  readonly store: RegistryStore;
  readonly options: RegistryOptions;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { store, options }: Context,
): Promise<void> {
  const { absoluteLocations = false, onEvent } = options;
  try {
    response.setHeader("Docker-Distribution-API-Version", "registry/2.0");
    const [path = "", ...rest] = (request.url ?? "").split("?");
    const query = new URLSearchParams(rest.join("?"));
    const route = parseRoute(path, request.method ?? "");
    if (route === undefined) throw new ApiError("UNSUPPORTED", "no such endpoint", { status: 404 });
    await dispatch({ request, response, query, store, absoluteLocations }, route);
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

/** What streams say when the other side has left. */
const GONE: ReadonlySet<string | undefined> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

/** True if the client left, which is nobody's fault. */
function isGone({ socket }: IncomingMessage, error: unknown): boolean {
  return socket.destroyed && GONE.has(systemCode(error));
}
