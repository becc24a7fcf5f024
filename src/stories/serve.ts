import { startRun, type Run, type RunOptions } from "../events.ts";
import { openStore, type StoreOptions } from "../server/open-catalog.ts";
import type { TlsOptions } from "../server/http-server.ts";
import { createRegistry } from "../server/registry.ts";
import type { TrustPolicy } from "../trust/policy.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 5000;

export interface ServeOptions extends Pick<StoreOptions, "names" | "platforms"> {
  /** An image layout or a bundle. @default a new directory that is removed at the end */
  readonly path?: string | undefined;
  /** Take pushes; a directory that does not exist is made. @default false */
  readonly writable?: boolean | undefined;
  /** @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** 0 takes a free one. @default 5000 */
  readonly port?: number | undefined;
  /** @default plain HTTP */
  readonly tls?: TlsOptions | undefined;
  /** Answer with full URLs in `Location`. @default false */
  readonly absoluteLocations?: boolean | undefined;
  /** When a request is silent for so long, it is cut off. @default 120 s */
  readonly idleTimeoutMs?: number | undefined;
  /** When nobody goes on with an upload for so long, it is forgotten. @default one hour */
  readonly uploadExpiryMs?: number | undefined;
  /** How long requests under way get to end when it stops. @default 5 s */
  readonly closeGraceMs?: number | undefined;
  /** Whose signature a bundle needs. @default nobody is trusted */
  readonly trust?: TrustPolicy | undefined;
}

export interface RunningRegistry {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly writable: boolean;
  /** The names that can be pulled right after the start. */
  readonly repositories: readonly string[];
  /** Resolves when the registry has stopped, whoever stopped it. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves an image layout or a bundle as a registry until it is closed.
 * @throws DrayError `DRAY_SERVE_INVALID`, `DRAY_FILE_NOT_FOUND`, `DRAY_LAYOUT_INVALID`,
 * `DRAY_SERVER_UNAVAILABLE`, `DRAY_TLS_INVALID`
 */
export async function serve(
  options: ServeOptions = {},
  runOptions: RunOptions = {},
): Promise<RunningRegistry> {
  const run = startRun(runOptions);
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, tls, idleTimeoutMs } = options;
  run.signal.throwIfAborted();
  const store = await openStore(options, run);
  const registry = createRegistry(store, { ...options, onEvent: run.onEvent });
  try {
    const address = await registry.listen({ host, port, tls, idleTimeoutMs });
    warnOfOpenDoor(options, address.url, run);
    return {
      ...address,
      host,
      writable: store.writer !== undefined,
      repositories: store.repositories.names(),
      ...stopper(() => registry.close(), run.signal),
    };
  } catch (error) {
    await registry.close();
    throw error;
  }
}

function stopper(
  stop: () => Promise<void>,
  signal: AbortSignal,
): Pick<RunningRegistry, "close" | "closed"> {
  let done: (result: Promise<void>) => void;
  const closed = new Promise<void>((resolve) => {
    done = resolve;
  });
  // Who closes gets the error; `closed` may have no reader.
  closed.catch(() => {});
  const close = (): Promise<void> => {
    signal.removeEventListener("abort", onAbort);
    done(stop());
    return closed;
  };
  const onAbort = (): void => void close();
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  return { close, closed };
}

function warnOfOpenDoor(
  { host = DEFAULT_HOST, writable }: ServeOptions,
  url: string,
  { onEvent }: Run,
): void {
  const isLocal = host === "localhost" || host === "::1" || host.startsWith("127.");
  if (isLocal || writable !== true) return;
  const message = `Everybody who can reach ${url} can push to it: there is no authentication`;
  onEvent({ type: "warning", message });
}
