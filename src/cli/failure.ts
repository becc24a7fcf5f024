import type { DrayError, ErrorCode, Finding } from "../index.ts";
import { formatFindings } from "./findings.ts";
import { PromptInterrupted, printable, printableJson, type Io } from "./terminal.ts";

export const EXIT = { failed: 1, usage: 2, refused: 3, partial: 4, interrupted: 130 } as const;

/**
 * Says on stderr (and with --json also on stdout) why a command ended, and gives the exit code. What
 * is not a DrayError or a system error is a mistake in this program and shows where it happened.
 */
export function reportFailure(error: unknown, io: Io, json: boolean): number {
  if (error instanceof PromptInterrupted) {
    io.stderr.write("Interrupted: no passphrase was given, and nothing was done.\n");
    return EXIT.interrupted;
  }
  if (io.signal.aborted) {
    io.stderr.write("Interrupted. The same command goes on where this one stopped.\n");
    return EXIT.interrupted;
  }
  const failure = describe(error);
  if (json) io.stdout.write(`${printableJson({ error: failure.document })}\n`);
  io.stderr.write(printable(failure.text));
  return failure.exit;
}

interface Failure {
  readonly text: string;
  readonly document: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly hint?: string | undefined;
    readonly findings?: readonly Finding[];
  };
  readonly exit: number;
}

function describe(error: unknown): Failure {
  if (isDrayError(error)) {
    const { code, message, hint, kind } = error;
    const findings = findingsOf(error);
    const said = findings.find((finding) => message.includes(finding.message));
    const head = said === undefined ? message : `${message} [${said.code}]`;
    const text = `dray: ${head}\n${hint === undefined ? "" : `\nhint: ${hint}\n`}`;
    // What the head has said stands nowhere twice.
    const rest = formatFindings(findings.filter((finding) => finding !== said));
    return {
      text: rest === "" ? text : `${text}\n${rest}`,
      document: { code, message, hint, findings },
      exit: EXIT[kind],
    };
  }
  const system = describeSystemError(error);
  if (system !== undefined) return system;
  const message = error instanceof Error ? error.message : String(error);
  const trace = error instanceof Error ? (error.stack ?? message) : message;
  const text = `dray: this is a mistake in dray itself: ${trace}\n`;
  return { text, document: { code: "DRAY_UNEXPECTED", message }, exit: EXIT.failed };
}

/** What the system refused, in words, and what the user can do about it. */
const SYSTEM_REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EACCES: ["permission denied", "Name a place that this account may use, or change its mode."],
  EPERM: ["the system does not permit it", "Name a place that this account may use."],
  EROFS: ["the file system is read-only", "Name a place on another file system."],
  ENOENT: ["there is no such file or directory", "Make the directory first, or check the path."],
  ENOTDIR: ["a part of the path is no directory", "Check the path."],
  EISDIR: ["it is a directory", "Name a file."],
  ELOOP: ["it is a link that is not followed, or leads in a circle", "Name the file itself."],
  ENAMETOOLONG: ["the name is too long", "Name a shorter path."],
  ENOSPC: ["the disk is full", "Make room, or name another place."],
  EDQUOT: ["the quota of this account is used up", "Make room, or name another place."],
  EMFILE: ["this process may not open more files", "Raise the limit: ulimit -n 1024."],
  ENFILE: ["this host has too many open files", "Try again when less runs on it."],
  EIO: ["the disk has failed", "Look at the system's log, and use another disk."],
};

function describeSystemError(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !("code" in error && "syscall" in error)) return undefined;
  const code = String(error.code);
  const [reason, hint] = SYSTEM_REASONS[code] ?? [error.message, undefined];
  const path = "path" in error ? ` ${JSON.stringify(error.path)}` : "";
  const message = `Cannot ${String(error.syscall)}${path}: ${reason} (${code})`;
  const text = `dray: ${message}\n${hint === undefined ? "" : `\nhint: ${hint}\n`}`;
  return { text, document: { code: "DRAY_UNEXPECTED", message, hint }, exit: EXIT.failed };
}

/** By its shape: the class lives in the library, which is not loaded just to print an error. */
function isDrayError(error: unknown): error is DrayError {
  return error instanceof Error && "code" in error && "kind" in error && "hint" in error;
}

function findingsOf(error: DrayError): readonly Finding[] {
  return "findings" in error && Array.isArray(error.findings)
    ? (error.findings as readonly Finding[])
    : [];
}
