import { startRun, type Run, type RunOptions } from "../events.ts";
import type { TlsOptions } from "../server/http-server.ts";
import { createRegistry, type Registry } from "../server/registry.ts";
import { openServed, type ServedOptions } from "./open-served.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 5000;

export interface ServeOptions extends ServedOptions {
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
  /** How long requests under way get to end when it stops. @default 5 s */
  readonly closeGraceMs?: number | undefined;
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
  const catalog = await openServed(options, run);
  const { absoluteLocations, closeGraceMs } = options;
  const { onEvent } = run;
  const registry = createRegistry(catalog, { absoluteLocations, closeGraceMs, onEvent });
  try {
    const address = await registry.listen({ host, port, tls, idleTimeoutMs });
    warnOfOpenDoor(options, address.url, run);
    closeOn(run.signal, registry);
    return {
      ...address,
      host,
      writable: catalog.writer !== undefined,
      repositories: catalog.repositories.names(),
      closed: registry.closed,
      close: () => registry.close(),
    };
  } catch (error) {
    await registry.close();
    throw error;
  }
}

function closeOn(signal: AbortSignal, registry: Registry): void {
  const onAbort = (): void => void registry.close();
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  const forget = (): void => signal.removeEventListener("abort", onAbort);
  registry.closed.then(forget, forget);
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
