import type { ErrorCode } from "./codes.ts";

/**
 * How an error ends a command: `usage` is the caller's mistake, `refused` means the content is not
 * trusted, damaged or incomplete, `partial` means some of the work is done, `failed` is the rest.
 */
export type ErrorKind = "failed" | "usage" | "refused" | "partial";

export interface DrayErrorOptions {
  /** What the reader can do about it, as one sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** @default "failed" */
  readonly kind?: ErrorKind;
}

/**
 * Every error a user can meet. `code` is stable (docs/codes.md has them all); the message names the
 * action, the quoted value, what was wanted and what was found. A bug stays a plain `Error`.
 */
export class DrayError extends Error {
  override readonly name: string = "DrayError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly kind: ErrorKind;

  constructor(code: ErrorCode, message: string, options: DrayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.kind = options.kind ?? "failed";
  }
}

export interface RegistryErrorOptions extends DrayErrorOptions {
  /** HTTP status, 0 when no answer came. */
  readonly status: number;
  /** First error code of the answer's body, as the distribution spec lists them. */
  readonly registryCode?: string | undefined;
}

/** A registry answered with an error, or did not answer. */
export class RegistryError extends DrayError {
  override readonly name: string = "RegistryError";
  readonly status: number;
  readonly registryCode: string | undefined;

  constructor(code: ErrorCode, message: string, options: RegistryErrorOptions) {
    super(code, message, options);
    this.status = options.status;
    this.registryCode = options.registryCode;
  }
}

/** The system error code (`ENOENT`, `ENOSPC`, …) of anything thrown, if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The error for a file that was named and cannot be read; undefined if no system call failed. */
export function unreadable(cause: unknown, what: string, path: string): DrayError | undefined {
  const code = systemCode(cause);
  if (code === undefined) return undefined;
  const reason =
    code === "ENOENT" ? "no such file" : code === "EISDIR" ? "it is a directory" : code;
  return new DrayError(
    "DRAY_FILE_NOT_FOUND",
    `Cannot read ${what} ${JSON.stringify(path)}: ${reason}`,
    { kind: "usage", cause },
  );
}

/** True if a write failed for lack of room: on the disk, or in the user's share of it. */
export function isDiskFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** The error for a write that failed for lack of room; undefined if it failed for another reason. */
export function diskFull(cause: unknown, action: string, hint: string): DrayError | undefined {
  if (!isDiskFull(cause)) return undefined;
  return new DrayError("DRAY_DISK_FULL", `Cannot ${action}: the disk is full`, { cause, hint });
}
