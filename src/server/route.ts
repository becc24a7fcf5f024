import { parseDigest, type Digest } from "../oci/digest.ts";
import { ApiError, reasonOf } from "./api-error.ts";
import { isRepositoryName, isServedName } from "./root-name.ts";

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints */
export type Route =
  | { readonly kind: "base" }
  | { readonly kind: "catalog" }
  | { readonly kind: "tags"; readonly name: string }
  | { readonly kind: "manifest"; readonly name: string; readonly reference: string }
  | { readonly kind: "blob"; readonly name: string; readonly digest: Digest }
  | { readonly kind: "uploads"; readonly name: string }
  | { readonly kind: "upload"; readonly name: string; readonly id: string }
  | { readonly kind: "referrers"; readonly name: string; readonly digest: Digest };

/** Longest match first: a repository may be called `a/blobs/uploads`. */
const ENDPOINT =
  /^\/v2\/(?<name>.+)\/(?:(?<uploads>blobs\/uploads)(?:\/(?<id>[^/]*))?|(?<kind>manifests|blobs|referrers|tags)\/(?<last>[^/]+))$/s;

/** Nothing is made by asking for it: these take names that nobody could push. */
const READS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Reads the path of a request. Names and digests are checked here and nowhere else.
 * @throws ApiError `NAME_INVALID`, `DIGEST_INVALID`; undefined where there is no such endpoint
 */
export function parseRoute(rawPath: string, method: string): Route | undefined {
  const path = decode(rawPath);
  if (path === "/v2/" || path === "/v2") return { kind: "base" };
  if (path === "/v2/_catalog") return { kind: "catalog" };
  const { name = "", uploads, id = "", kind, last = "" } = ENDPOINT.exec(path)?.groups ?? {};
  if (name === "") return undefined;
  checkName(name, method);
  if (uploads === undefined) return contentRoute(name, kind, last);
  return id === "" ? { kind: "uploads", name } : { kind: "upload", name, id };
}

function contentRoute(name: string, kind: string | undefined, last: string): Route | undefined {
  switch (kind) {
    case "manifests":
      return { kind: "manifest", name, reference: last };
    case "blobs":
      return { kind: "blob", name, digest: requireDigest(last) };
    case "referrers":
      return { kind: "referrers", name, digest: requireDigest(last) };
    default:
      return last === "list" ? { kind: "tags", name } : undefined;
  }
}

/** @throws ApiError `NAME_INVALID` */
export function checkName(name: string, method: string): void {
  const valid = READS.has(method) ? isServedName(name) : isRepositoryName(name);
  if (valid) return;
  throw new ApiError("NAME_INVALID", "invalid repository name", {
    detail: { name: name.slice(0, 300) },
  });
}

/** @throws ApiError `DIGEST_INVALID` */
export function requireDigest(text: string): Digest {
  try {
    return parseDigest(text);
  } catch (error) {
    throw new ApiError("DIGEST_INVALID", reasonOf(error));
  }
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new ApiError("NAME_INVALID", "the path is not well-formed");
  }
}
