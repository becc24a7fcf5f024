import type { ErrorCode } from "../../codes.ts";
import { RegistryError } from "../../errors.ts";
import { CLIENT_CERTIFICATE } from "../http/connection-failure.ts";
import { PAGE_HINT } from "../http/page.ts";
import { isRetriedStatus } from "../http/patience.ts";
import { isRedirect } from "../http/redirects.ts";
import type { TransportResponse } from "../http/transport.ts";
import { readErrorBody, type ErrorBody } from "./error-body.ts";
import { permanentRefusal, readOnlyHint } from "./permanent-refusal.ts";
import type { Secrets } from "../http/secrets.ts";

interface AnswerContext {
  /** `push blob sha256:…`, `read manifest library/alpine:3.20`. */
  readonly action: string;
  /** `source registry ghcr.io`. */
  readonly registry: string;
  /** What to do about it, where more is known than the answer says. */
  readonly hint: (answer: Answer) => string | undefined;
  readonly secrets: Secrets;
  /** Where the request went first; another host may have answered. */
  readonly asked: URL;
}

/** What an answer says, as far as it is an error as the specification has them. */
export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string;
  /** It is a page for people, which somebody in between may have written. */
  readonly isPage: boolean;
  /** It misses what a manifest needs, and not a repository. */
  readonly missesContent: boolean;
}

/**
 * Makes an error of an answer.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
export async function answerError(
  response: TransportResponse,
  { action, registry, hint, secrets, asked }: AnswerContext,
): Promise<RegistryError> {
  const { status } = response;
  const body = await readErrorBody(response, secrets);
  const [registryCode] = body.codes;
  const isElsewhere = response.url.origin !== asked.origin;
  const who = isElsewhere ? `${response.url.host}, where it sent this on to,` : "it";
  const sentOn = redirectIn(response);
  const to = sentOn === undefined ? "" : ` with a redirect to ${sentOn.origin}`;
  const said = body.text === "" ? to : `${to} (${body.text})`;
  const isPage = isForeign(status, body);
  const misses = saysMissing(status, body);
  const permanent = misses ? undefined : permanentRefusal(status, body.text);
  const answer = { status, code: registryCode, message: body.text, isPage, missesContent: misses };
  return new RegistryError(
    errorCode(status, registryCode),
    `Cannot ${action} at ${registry}: ${who} answered ${status}${said}`,
    {
      status,
      registryCode,
      registryCodes: body.codes,
      digests: body.digests,
      isPermanent: permanent !== undefined,
      missesContent: misses,
      hint:
        permanent ??
        hintOfRedirect(sentOn, response.url) ??
        hintOfWords(answer) ??
        hint(answer) ??
        (isPage ? PAGE_HINT : hintFor(answer)),
    },
  );
}

/** Proxies write pages for what they refuse themselves, too: those are no riddle. */
function isForeign(status: number, { isPage }: ErrorBody): boolean {
  return isPage && status < 500 && status !== 413 && status !== 429;
}

/** Where it sends a request on to that is not sent on: one that writes. */
function redirectIn(response: TransportResponse): URL | undefined {
  const location = response.header("location") ?? "";
  return isRedirect(response) && location !== "" && URL.canParse(location, response.url.href)
    ? new URL(location, response.url)
    : undefined;
}

function hintOfRedirect(to: URL | undefined, from: URL): string | undefined {
  if (to === undefined) return undefined;
  const isScheme = to.protocol === "https:" && from.protocol === "http:";
  return isScheme && to.hostname === from.hostname
    ? "It wants https: leave out --plain-http, and name the port that speaks it."
    : `What writes is sent nowhere else. Name the registry as it names itself, if ${to.host} is right; else whoever runs it has to mend its outer address.`;
}

const MISSING_CODES: ReadonlySet<string> = new Set([
  "MANIFEST_BLOB_UNKNOWN",
  "BLOB_UNKNOWN",
  "MANIFEST_UNKNOWN",
]);

/** Registries that have no code for it, or another one, have words. */
const MISSING_WORDS =
  /\b(?:blob|layer|config)s?\b.{0,250}\b(?:unknown|not found|not exist|missing)|\b(?:unknown|missing|failed to (?:find|fetch|get)|cannot find|could not find|no such) (?:blob|layer|config)/i;

/** True if it says that content is not there, and not that something is wrong with what was sent. */
function saysMissing(status: number, { codes, text }: ErrorBody): boolean {
  if (codes.some((code) => MISSING_CODES.has(code))) return true;
  const isUpload = codes.some((code) => code.startsWith("BLOB_UPLOAD_"));
  return (status === 400 || status === 404) && !isUpload && MISSING_WORDS.test(text);
}

const MAX_WARNING_LENGTH = 4096;

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#warnings */
export function warningsIn(response: TransportResponse): string[] {
  return response
    .headers("warning")
    .flatMap((header) => /^299 - "(.*)"/.exec(header.slice(0, MAX_WARNING_LENGTH))?.[1] ?? []);
}

function errorCode(status: number, code: string | undefined): ErrorCode {
  if (status === 401 || status === 403) return "DRAY_REGISTRY_DENIED";
  if (code === "NAME_UNKNOWN") return "DRAY_REPOSITORY_MISSING";
  if (status === 404) return "DRAY_REGISTRY_NOT_FOUND";
  if (status === 429) return "DRAY_REGISTRY_BUSY";
  return code === "UNSUPPORTED" ? "DRAY_REGISTRY_UNSUPPORTED" : "DRAY_REGISTRY_FAILED";
}

const UPLOAD_LOST =
  "The registry does not know an upload that it has just begun, or how far it came. Where several of its nodes stand behind one name, they have to share storage and secret (registry: http.secret, one redis), or one client be led to one node all the time. Whoever runs it has to look at that.";

const BYTES_CHANGED =
  "What was sent is right, and other bytes have arrived there: something in between changes or cuts them. Try it past the proxy, or from another host.";

const NOT_ASKED_FOR =
  "It was not asked whether anything has changed: a cache before the registry answers for somebody else. Whoever runs that has to let the registry's requests through.";

const HEADERS_TOO_LARGE =
  "The token that the registry asks for is larger than a proxy before it takes headers (nginx: large_client_header_buffers 4 32k).";

/** What some answers mean, whoever gives them. */
function hintOfWords({ status, code, message }: Answer): string | undefined {
  if (code === "BLOB_UPLOAD_UNKNOWN" || code === "BLOB_UPLOAD_INVALID") return UPLOAD_LOST;
  if (code === "DIGEST_INVALID" || code === "SIZE_INVALID") return BYTES_CHANGED;
  if (status === 416) return UPLOAD_LOST;
  if (status === 304) return NOT_ASKED_FOR;
  if (/\bSSL certificate\b/i.test(message)) return CLIENT_CERTIFICATE;
  const isHeader = status === 431 || /header (?:fields )?(?:or cookie )?too large/i.test(message);
  return isHeader ? HEADERS_TOO_LARGE : undefined;
}

function hintFor({ status, message }: Answer): string | undefined {
  if (status === 413) {
    return "A proxy in front of the registry limits the size of a request (nginx: client_max_body_size 0).";
  }
  if (status === 429) return "The registry limits how often it may be asked; log in or wait.";
  if (status < 500) return undefined;
  return readOnlyHint(message) ?? "The registry itself has a problem; try again later.";
}

/** True for an answer that may be another one the next time. */
export function isPassing(error: RegistryError): boolean {
  const { status, isPermanent } = error;
  return !isPermanent && (isRetriedStatus(status) || (status === 409 && !error.missesContent));
}
