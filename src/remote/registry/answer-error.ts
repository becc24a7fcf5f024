import type { ErrorCode } from "../../codes.ts";
import { RegistryError } from "../../errors.ts";
import type { ErrorContext } from "../http/connection-failure.ts";
import { PAGE_HINT } from "../http/page.ts";
import type { TransportResponse } from "../http/transport.ts";
import { readErrorBody, type ErrorBody } from "./error-body.ts";
import { permanentRefusal } from "./permanent-refusal.ts";
import type { Secrets } from "./secrets.ts";

interface AnswerContext extends ErrorContext {
  readonly secrets: Secrets;
  /** Where the request went first; another host may have answered. */
  readonly asked: URL;
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
  return new RegistryError(
    errorCode(status, registryCode),
    `Cannot ${action} at ${registry}: ${who} answered ${status}${said}`,
    {
      status,
      registryCode,
      registryCodes: body.codes,
      digests: body.digests,
      isPermanent: permanent !== undefined,
      hint: permanent ?? (isForeign(status, body) ? PAGE_HINT : (hint ?? hintFor(status, body))),
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

function hintFor(status: number, { codes, text }: ErrorBody): string | undefined {
  if (codes.includes("NAME_UNKNOWN") || /project|repository/i.test(text)) {
    return "Some registries want the project or repository to be made first.";
  }
  if (status === 413) {
    return "A proxy in front of the registry limits the size of a request (nginx: client_max_body_size 0).";
  }
  if (status === 429) return "The registry limits how often it may be asked; log in or wait.";
  return status >= 500 ? "The registry itself has a problem; try again later." : undefined;
}
