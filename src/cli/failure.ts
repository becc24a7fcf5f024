import type { DrayError, ErrorCode, Finding } from "../index.ts";
import { tell } from "./color.ts";
import { printedDocument } from "./document.ts";
import { formatFindings } from "./findings.ts";
import { leaveInterrupt, PromptInterrupted, type Io } from "./terminal.ts";

export const EXIT = { failed: 1, usage: 2, refused: 3, partial: 4, interrupted: 130 } as const;

/**
 * Says on stderr (and with --json also on stdout) why a command line ended, and gives the exit code.
 * What is not a DrayError or a system error is a mistake in this program and shows where it happened.
 */
export async function reportFailure(
  error: unknown,
  io: Io,
  { argv, remains }: { readonly argv: readonly string[]; readonly remains: string },
): Promise<number> {
  const isInterrupted = error instanceof PromptInterrupted || io.signal.aborted;
  if (isInterrupted) leaveInterrupt(io);
  const failure = isInterrupted ? interrupted(error, remains) : describe(await inWords(error));
  if (argv.includes("--json")) {
    const document: ErrorDocument = { error: failure.document };
    io.stdout.write(printedDocument(document));
  }
  tell("stderr", failure.text, io);
  return failure.exit;
}

function interrupted(error: unknown, remains: string): Failure {
  const message =
    error instanceof PromptInterrupted
      ? `Interrupted: ${error.message}, and nothing was done.`
      : `Interrupted. ${remains}`;
  const document = { code: "DRAY_INTERRUPTED", message } as const;
  return { text: `${message}\n`, document, exit: EXIT.interrupted };
}

/** What --json prints where a command ended without a report. @internal for schemas */
export interface ErrorDocument {
  readonly error: {
    /** docs/codes.md has them all. */
    readonly code: ErrorCode;
    readonly message: string;
    /** What to do about it. */
    readonly hint?: string | undefined;
    /** What was found of a bundle or chart that is refused. */
    readonly findings?: readonly Finding[];
  };
}

interface Failure {
  readonly text: string;
  readonly document: ErrorDocument["error"];
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
  const message = error instanceof Error ? error.message : String(error);
  const trace = error instanceof Error ? (error.stack ?? message) : message;
  const text = `dray: this is a mistake in dray itself: ${trace}\n`;
  return { text, document: { code: "DRAY_UNEXPECTED", message }, exit: EXIT.failed };
}

/** What the system says of a file, wherever it was met. */
async function inWords(error: unknown): Promise<unknown> {
  if (isDrayError(error)) return error;
  const { systemError } = await import("../index.ts");
  return systemError(error) ?? error;
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
