/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  TOOMANYREQUESTS: 429,
  /** Not in the list, which is about requests: the fault is on this side. */
  UNKNOWN: 500,
  UNSUPPORTED: 405,
} as const;

export type ErrorCode = keyof typeof STATUS;

export interface ErrorEntry {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail?: unknown;
}

export interface ApiErrorOptions {
  /** @default what the code usually means */
  readonly status?: number;
  readonly detail?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** More of the same kind, such as every missing blob. */
  readonly more?: readonly ErrorEntry[];
}

/** The answer to a request that is refused. It never leaves the server as an exception. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly entries: readonly ErrorEntry[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message);
    this.status = options.status ?? STATUS[code];
    this.entries = [{ code, message, detail: options.detail }, ...(options.more ?? [])];
    this.headers = options.headers ?? {};
  }
}

export function nameUnknown(name: string): ApiError {
  return new ApiError("NAME_UNKNOWN", "repository name not known to registry", {
    detail: { name },
  });
}

export function blobUnknown(digest: string): ApiError {
  return new ApiError("BLOB_UNKNOWN", "blob unknown to repository", { detail: { digest } });
}

export function manifestUnknown(reference: string): ApiError {
  return new ApiError("MANIFEST_UNKNOWN", "manifest unknown to repository", {
    detail: { reference },
  });
}

export function uploadUnknown(id: string): ApiError {
  return new ApiError("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", {
    detail: { id },
  });
}

/** What somebody else's parser or check says about a document or name that came in. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
