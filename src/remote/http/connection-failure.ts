import { DrayError, RegistryError, systemCode } from "../../errors.ts";
import { Transient } from "./patience.ts";
import { ProxyFailure } from "./proxy-failure.ts";

export interface ErrorContext {
  /** `push blob sha256:…`, `read manifest library/alpine:3.20`. */
  readonly action: string;
  /** `source registry ghcr.io`. */
  readonly registry: string;
  /** What to do about it, where the caller knows better than the answer says. */
  readonly hint?: string | undefined;
}

/** A blocked host should be noticed while somebody is still looking. */
export const CONNECT_TIMEOUT = 15_000;

const RETRIED_CODES: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "EPROXYBUSY",
  "ESTRAYBYTES",
  "ETOOSLOW",
]);

/**
 * What to throw when a connection to `url` failed: an error of ours, marked as transient where it
 * may go better the next time. What is not the connection's fault comes back as it is.
 */
export function connectionFailure(cause: unknown, url: URL, context: ErrorContext): unknown {
  if (cause instanceof DrayError || cause instanceof Transient || !isNetworkError(cause)) {
    return cause;
  }
  const error = connectionError(cause, url, context);
  const lost = systemCode(cause) === "UND_ERR_CONNECT_TIMEOUT" ? CONNECT_TIMEOUT : 0;
  return isConnectionFailure(cause) ? new Transient(error, { lost }) : error;
}

/** True for failures of the connection, which may go better the next time. */
export function isConnectionFailure(error: unknown): boolean {
  return RETRIED_CODES.has(systemCode(error) ?? "");
}

/** What keeps a connection from being made at all, rather than from lasting. */
const NEVER_THERE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|EPROTO|CERT|ERR_TLS|ERR_SSL/;

/** True for an error of `connectionFailure` where nobody, or somebody else, listens. */
export function isUnreachable(error: unknown): boolean {
  const failure = error instanceof Transient ? error.error : error;
  if (!(failure instanceof RegistryError) || failure.status !== 0) return false;
  const root = rootCause(failure);
  return isOtherProtocol(root) || NEVER_THERE.test(systemCode(root) ?? "");
}

/** The other side speaks no TLS: what came was most often plain http. */
export function isOtherThanTls(error: unknown): boolean {
  const text = error instanceof Error ? `${systemCode(error)} ${error.message}` : "";
  return OTHER_THAN_TLS.test(text);
}

/** Something listens there and speaks another protocol. undici knows no code for that. */
export function isOtherProtocol(error: unknown): boolean {
  return error instanceof Error && error.name === "HTTPParserError";
}

/** The other side closed the connection without a word, as servers of https do to plain http. */
export function isConnectionCut(error: unknown): boolean {
  return ["ECONNRESET", "UND_ERR_SOCKET"].includes(systemCode(error) ?? "");
}

/** Errors of the file system come out of a request too, when its body is read from there. */
function isNetworkError(error: unknown): boolean {
  if (isOtherProtocol(error)) return true;
  const code = systemCode(error);
  return code !== undefined && !/^E(NOENT|IO|ISDIR|BADF|ACCES|PERM|MFILE)$/.test(code);
}

function connectionError(cause: unknown, url: URL, context: ErrorContext): RegistryError {
  const { action, registry } = context;
  if (cause instanceof ProxyFailure) return proxyError(cause, context);
  const root = rootCause(cause);
  const reason = reasonOf(root);
  return new RegistryError(
    "DRAY_REGISTRY_UNREACHABLE",
    `Cannot ${action} at ${registry}: no answer from ${url.host} (${reason})`,
    { status: 0, cause, hint: context.hint ?? connectionHint(root, reason) },
  );
}

function proxyError(cause: ProxyFailure, { action, registry }: ErrorContext): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_UNREACHABLE",
    `Cannot ${action} at ${registry}: ${cause.message}`,
    { status: 0, cause, hint: cause.hint },
  );
}

/** OpenSSL says in which of its functions something went wrong, on two lines. */
function reasonOf(root: unknown): string {
  const text = root instanceof Error && root.message !== "" ? root.message : systemCode(root);
  // undici says so of an interim answer to a request that did not ask for one.
  if (text === "bad response") return "it answered 100 Continue, which nobody had asked for";
  const [line = ""] = (text ?? "no reason given").split("\n");
  return /:SSL routines:[^:]*:([^:]+)/.exec(line)?.[1] ?? line;
}

/** undici wraps what really happened; several addresses fail as one. */
function rootCause(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootCause(error.errors[0]);
  return error instanceof Error && error.cause instanceof Error ? rootCause(error.cause) : error;
}

const OTHER_THAN_TLS = /EPROTO|wrong version number|packet length/;

/** What to do where a host wants to know who is asking before a login. */
export const CLIENT_CERTIFICATE =
  "It wants a client certificate that it knows: NAME.cert and NAME.key in ~/.config/containers/certs.d/HOST:PORT or /etc/docker/certs.d/HOST:PORT.";

/** The first that fits the code or the words of what went wrong. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /HEADERS_OVERFLOW/,
    "The head of its answer is larger than 16 KiB. A proxy in between adds to it (cookies, policies): whoever runs that has to shorten it.",
  ],
  [/HTTPParserError/, "Something else than a registry listens there. Is the port right?"],
  [/ENOTFOUND|EAI_AGAIN/, "Check the host name and the DNS."],
  [/ECONNREFUSED/, "Nothing listens there: check host and port."],
  [/ALERT_CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|ALERT_UNKNOWN_CA/, CLIENT_CERTIFICATE],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|protocol version|unsupported protocol/,
    "It speaks only versions of TLS that nobody should use any more: whoever runs it has to offer 1.2 or newer.",
  ],
  [/ALTNAME/, "The certificate is for other names: use one of those."],
  [/EXPIRED|NOT_YET_VALID/, "Renew the certificate; or is this host's clock wrong?"],
  [/CERT|SELF_SIGNED|UNABLE_TO/, "Name the CA that has signed the certificate with --ca-file."],
  [OTHER_THAN_TLS, "It seems to speak plain http: --plain-http allows that."],
  [/TIMEOUT/, "A firewall may drop the connection; is a proxy needed?"],
];

/** What to do about a connection that failed for a `reason`. */
export function connectionHint(root: unknown, reason: string): string | undefined {
  const name = root instanceof Error ? root.name : "";
  const signs = [systemCode(root), name, reason].join(" ");
  return HINTS.find(([sign]) => sign.test(signs))?.[1];
}
