import type { ErrorCode } from "../../codes.ts";
import { RegistryError } from "../../errors.ts";
import { PAGE_HINT } from "../http/page.ts";
import type { TransportResponse } from "../http/transport.ts";
import { readErrorBody, type ErrorBody } from "./error-body.ts";
import { permanentRefusal } from "./permanent-refusal.ts";
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
  const said = body.text === "" ? "" : ` (${body.text})`;
  const permanent = permanentRefusal(status, body.text);
  const isPage = isForeign(status, body);
  const answer = { status, code: registryCode, message: body.text, isPage };
  return new RegistryError(
    errorCode(status, registryCode),
    `Cannot ${action} at ${registry}: ${who} answered ${status}${said}`,
    {
      status,
      registryCode,
      registryCodes: body.codes,
      digests: body.digests,
      isPermanent: permanent !== undefined,
      hint: permanent ?? hint(answer) ?? (isPage ? PAGE_HINT : hintFor(status)),
    },
  );
}

/** Proxies write pages for what they refuse themselves, too: those are no riddle. */
function isForeign(status: number, { isPage }: ErrorBody): boolean {
  return isPage && status < 500 && status !== 413 && status !== 429;
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

function hintFor(status: number): string | undefined {
  if (status === 413) {
    return "A proxy in front of the registry limits the size of a request (nginx: client_max_body_size 0).";
  }
  if (status === 429) return "The registry limits how often it may be asked; log in or wait.";
  return status >= 500 ? "The registry itself has a problem; try again later." : undefined;
}
