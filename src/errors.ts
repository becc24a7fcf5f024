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
  /** All of them. @default the first */
  readonly registryCodes?: readonly string[] | undefined;
  /** Digests of content that the answer's errors speak of. @default none */
  readonly digests?: readonly string[] | undefined;
  /** Trying again changes nothing: a rule of the registry stands behind it. @default false */
  readonly isPermanent?: boolean | undefined;
  /** Content that what was sent needs is not there, it says. @default false */
  readonly missesContent?: boolean | undefined;
}

/** A registry answered with an error, or did not answer. */
export class RegistryError extends DrayError {
  override readonly name: string = "RegistryError";
  readonly status: number;
  readonly registryCode: string | undefined;
  readonly registryCodes: readonly string[];
  readonly digests: readonly string[];
  readonly isPermanent: boolean;
  readonly missesContent: boolean;

  constructor(code: ErrorCode, message: string, options: RegistryErrorOptions) {
    super(code, message, options);
    const { status, registryCode, registryCodes, digests = [] } = options;
    const { isPermanent = false, missesContent = false } = options;
    this.status = status;
    this.registryCode = registryCode;
    this.registryCodes = registryCodes ?? (registryCode === undefined ? [] : [registryCode]);
    this.digests = digests;
    this.isPermanent = isPermanent;
    this.missesContent = missesContent;
  }
}

/** The same error, by its own code unless by `code`, with another word on what can be done about it. */
export function withHint(
  error: RegistryError,
  hint: string,
  code: ErrorCode = error.code,
): RegistryError {
  const { message, kind, status, registryCode, registryCodes, digests } = error;
  const { isPermanent, missesContent } = error;
  const answered = { status, registryCode, registryCodes, digests, isPermanent, missesContent };
  return new RegistryError(code, message, { ...answered, kind, cause: error, hint });
}

/** The system error code (`ENOENT`, `ENOSPC`, …) of anything thrown, if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || error instanceof DrayError)
    return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What the system says of a file or directory, in words, and what helps whoever reads or writes it. */
const SYSTEM_REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EACCES: ["permission denied", "Name a place that this account may use, or change its mode."],
  EBUSY: ["it is in use", "End what uses it, or name another place."],
  EEXIST: ["something of this name is there", "Remove it, or choose another name."],
  EDQUOT: ["the quota of this account is used up", "Make room, or name another place."],
  EIO: ["the medium or the disk has failed", "Copy what is on it to another one, and go on there."],
  EISDIR: ["it is a directory", "Name a file."],
  ELOOP: ["it is a link that is not followed, or leads in a circle", "Name the file itself."],
  EMFILE: ["this process may not open more files", "Raise the limit: `ulimit -n 1024`."],
  ENAMETOOLONG: ["the name is too long", "Name a shorter path."],
  ENFILE: ["this host has too many open files", "Try again when less runs on it."],
  ENOENT: ["there is no such file or directory", "Check the path, or make the directory first."],
  ENOSPC: ["the disk is full", "Make room, or name another place."],
  ENOTDIR: ["a part of the path is no directory", "Check the path."],
  ENXIO: ["it is a socket, or a device behind which there is nothing", "Name a file."],
  EPERM: ["the system does not permit it", "Name a place that this account may use."],
  EROFS: ["the file system is read-only", "Name a place on another file system."],
};

/** Nobody has named a wrong place: the host is at its end. */
const EXHAUSTED: ReadonlySet<string> = new Set(["EDQUOT", "EIO", "EMFILE", "ENFILE", "ENOSPC"]);

/** What the calls of the system do, for people. */
const ACTIONS: Readonly<Record<string, string>> = {
  fsync: "write",
  ftruncate: "write",
  lstat: "look at",
  mkdir: "make directory",
  mkdtemp: "make directory",
  opendir: "list",
  readlink: "read link",
  rm: "remove",
  rmdir: "remove",
  scandir: "list",
  stat: "look at",
  unlink: "remove",
};

/** Why a call of the system failed, without its action; undefined if none has. */
export function systemReason(cause: unknown): string | undefined {
  const code = systemCode(cause);
  if (code === undefined) return undefined;
  return reasonOf(cause, code)?.[0] ?? `the system says ${code}`;
}

const MISREAD = ["its name is no UTF-8", "Give it another name."] as const;

/** True for a file that was listed and is not found: what stands for bytes of its name that are no text is no name of it. */
function isMisread(cause: unknown): boolean {
  const isLost = cause instanceof Error && systemCode(cause) === "ENOENT" && "path" in cause;
  return isLost && String(cause.path).includes("\uFFFD");
}

function reasonOf(cause: unknown, code: string): (typeof SYSTEM_REASONS)[string] | undefined {
  return isMisread(cause) ? MISREAD : SYSTEM_REASONS[code];
}

/**
 * The error for a call of the system that failed, in words; undefined if none has. Without an `action`
 * it is what the call does, to the path that it names.
 */
export function systemError(cause: unknown, action = actionOf(cause)): DrayError | undefined {
  const reason = systemReason(cause);
  if (reason === undefined || action === undefined) return undefined;
  const code = systemCode(cause) ?? "";
  const [, hint] = reasonOf(cause, code) ?? [];
  return new DrayError(
    isDiskFull(cause) ? "DRAY_DISK_FULL" : "DRAY_SYSTEM_REFUSED",
    `Cannot ${action}: ${reason}`,
    { kind: kindOf(code), cause, hint },
  );
}

/** Whoever named a place that cannot be used names another; what else fails is no mistake of theirs. */
function kindOf(code: string): ErrorKind {
  return code in SYSTEM_REASONS && !EXHAUSTED.has(code) ? "usage" : "failed";
}

/** Undefined for what is no call of the system, such as an error of a stream. */
function actionOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !("syscall" in cause)) return undefined;
  const call = String(cause.syscall);
  const path = "path" in cause ? ` ${JSON.stringify(cause.path)}` : "";
  return `${ACTIONS[call] ?? call}${path}`;
}

/** The error for a file that was named and cannot be read; undefined if no system call failed. */
export function unreadable(cause: unknown, what: string, path: string): DrayError | undefined {
  const code = systemCode(cause);
  if (code === undefined) return undefined;
  const isMissing = (code === "ENOENT" || code === "ENOTDIR") && !isMisread(cause);
  const reason = isMissing ? "no such file" : (systemReason(cause) ?? code);
  const hint = isMissing
    ? "Check the path: it counts from the directory that dray runs in."
    : reasonOf(cause, code)?.[1];
  return new DrayError(
    "DRAY_FILE_NOT_FOUND",
    `Cannot read ${what} ${JSON.stringify(path)}: ${reason}`,
    { kind: kindOf(code), cause, hint },
  );
}

/** The error for what was to be written at `path` and cannot be; undefined if no system call failed. */
export function unwritable(cause: unknown, what: string, path: string): DrayError | undefined {
  return systemError(cause, `write ${what} ${JSON.stringify(path)}`);
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

/** What is one word to a shell, for the commands that are printed. */
export function shellWord(word: string): string {
  const isPlain = /^[\w%+,./:=@-]+$/.test(word);
  return isPlain ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
