import { DrayError, RegistryError, systemCode } from "../errors.ts";
import type { ErrorContext } from "./answer-error.ts";
import { Transient } from "./patience.ts";
import { isConnectionFailure } from "./retry.ts";

/**
 * What to throw when a connection to `url` failed: an error of ours, marked as transient where it
 * may go better the next time. What is not the connection's fault comes back as it is.
 */
export function connectionFailure(cause: unknown, url: URL, context: ErrorContext): unknown {
  if (cause instanceof DrayError || cause instanceof Transient || !isNetworkError(cause)) {
    return cause;
  }
  const error = connectionError(cause, url, context);
  return isConnectionFailure(cause) ? new Transient(error) : error;
}

/** Errors of the file system come out of a request too, when its body is read from there. */
function isNetworkError(error: unknown): boolean {
  const code = systemCode(error);
  return code !== undefined && !/^E(NOENT|IO|ISDIR|BADF|ACCES|PERM|MFILE)$/.test(code);
}

function connectionError(cause: unknown, url: URL, context: ErrorContext): RegistryError {
  const { action, registry } = context;
  const root = rootCause(cause);
  const code = systemCode(root) ?? "";
  const reason = root instanceof Error && root.message !== "" ? root.message : code;
  return new RegistryError(
    "DRAY_REGISTRY_UNREACHABLE",
    `Cannot ${action} at ${registry}: no answer from ${url.host} (${reason})`,
    { status: 0, cause, hint: connectionHint(code, reason) },
  );
}

/** undici wraps what really happened; several addresses fail as one. */
function rootCause(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootCause(error.errors[0]);
  return error instanceof Error && error.cause instanceof Error ? rootCause(error.cause) : error;
}

function connectionHint(code: string, reason: string): string | undefined {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "Check the host name and the DNS.";
  if (code === "ECONNREFUSED") return "Nothing listens there: check host and port.";
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
    return "Name the CA that has signed the certificate with --ca-file.";
  }
  if (code === "EPROTO" || /wrong version number|packet length/.test(reason)) {
    return "It seems to speak plain http: --plain-http allows that.";
  }
  return code.includes("TIMEOUT")
    ? "A firewall may drop the connection; is a proxy needed?"
    : undefined;
}
