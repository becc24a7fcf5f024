import type { IncomingMessage, ServerResponse } from "node:http";
import { isRegistryHost } from "../oci/reference.ts";
import { ApiError, nameUnknown } from "./api-error.ts";
import type { ServedRepository } from "./served-repository.ts";
import type { Catalog, CatalogWriter } from "./catalog.ts";

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly catalog: Catalog;
  /** Answer with `http://host/…` where a path would do. */
  readonly absoluteLocations: boolean;
}

export type Headers = Readonly<Record<string, string | number>>;

/** The registry's writer. @throws ApiError `UNSUPPORTED` when it is read-only */
export function writerOf({ catalog }: Exchange): CatalogWriter {
  if (catalog.writer === undefined) throw new ApiError("UNSUPPORTED", "the registry is read-only");
  return catalog.writer;
}

/**
 * The repository that is pulled from; `?ns=` says for which host this registry is a mirror.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc079b91785ad18c77cc4f8991a47feefbf/spec.md#registry-proxying
 */
export function findRepository(
  { response, query, catalog }: Exchange,
  name: string,
): ServedRepository | undefined {
  const host = query.get("ns") ?? "";
  if (!isRegistryHost(host)) return catalog.repositories.find(name);
  response.setHeader("OCI-Namespace", host);
  return catalog.repositories.find(name, host);
}

/** @throws ApiError `NAME_UNKNOWN` */
export function requireRepository(exchange: Exchange, name: string): ServedRepository {
  const repository = findRepository(exchange, name);
  if (repository === undefined) throw nameUnknown(name);
  return repository;
}

export function sendEmpty({ response }: Exchange, status: number, headers: Headers): void {
  if (status !== 204) response.setHeader("Content-Length", 0);
  response.writeHead(status, headers);
  response.end();
}

export function sendBytes(
  { response }: Exchange,
  bytes: Uint8Array,
  headers: Headers & { readonly "Content-Type": string },
): void {
  response.writeHead(200, { ...headers, "Content-Length": bytes.length });
  response.end(bytes);
}

export function sendJson(exchange: Exchange, value: unknown, headers: Headers): void {
  const bytes = Buffer.from(JSON.stringify(value));
  sendBytes(exchange, bytes, { ...headers, "Content-Type": "application/json" });
}

/** A path below `/v2/`, as the answer's `Location` says it. */
export function locationOf(exchange: Exchange, path: string): string {
  const { request, absoluteLocations } = exchange;
  if (!absoluteLocations || request.headers.host === undefined) return `/v2/${path}`;
  const scheme = "encrypted" in request.socket ? "https" : "http";
  return `${scheme}://${request.headers.host}/v2/${path}`;
}

/** Work that a client can only wait for must not count as silence. */
export async function untimed(request: IncomingMessage, work: () => Promise<void>): Promise<void> {
  const { socket } = request;
  const timeout = socket.timeout ?? 0;
  socket.setTimeout(0);
  try {
    await work();
  } finally {
    socket.setTimeout(timeout);
  }
}
