import { ApiError } from "./api-error.ts";
import { deleteBlob, readBlob } from "./blobs.ts";
import { sendJson, type Exchange } from "./exchange.ts";
import { listRepositories, listTags } from "./listings.ts";
import { deleteManifest, putManifest, readManifest } from "./manifests.ts";
import { listReferrers } from "./referrers.ts";
import type { Route } from "./route.ts";
import {
  cancelUpload,
  continueUpload,
  finishUpload,
  startUpload,
  uploadStatus,
} from "./uploads.ts";

type Handler<R> = (exchange: Exchange, route: R) => Promise<void> | void;
type Handlers<R> = Readonly<Partial<Record<string, Handler<R>>>>;

type Endpoints = { readonly [K in Route["kind"]]: Handlers<Extract<Route, { kind: K }>> };

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints */
const ENDPOINTS: Endpoints = {
  base: both((exchange) => sendJson(exchange, {}, {})),
  catalog: both(listRepositories),
  tags: both(listTags),
  referrers: both(listReferrers),
  manifest: { ...both(readManifest), PUT: putManifest, DELETE: deleteManifest },
  blob: { ...both(readBlob), DELETE: deleteBlob },
  uploads: { POST: startUpload },
  upload: {
    GET: uploadStatus,
    PATCH: continueUpload,
    PUT: finishUpload,
    DELETE: cancelUpload,
  },
};

/** Finds who answers a request. @throws ApiError `UNSUPPORTED` */
export async function dispatch(exchange: Exchange, route: Route): Promise<void> {
  const handlers = ENDPOINTS[route.kind] as Handlers<Route>;
  const handler = handlers[exchange.request.method ?? ""];
  if (handler === undefined) {
    throw new ApiError("UNSUPPORTED", "the operation is unsupported", {
      headers: { Allow: Object.keys(handlers).join(", ") },
    });
  }
  await handler(exchange, route);
}

function both<R>(handler: Handler<R>): { GET: Handler<R>; HEAD: Handler<R> } {
  return { GET: handler, HEAD: handler };
}
