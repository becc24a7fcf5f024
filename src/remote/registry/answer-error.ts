import type { ErrorCode } from "../../codes.ts";
import { RegistryError } from "../../errors.ts";
import { z } from "../../oci/schema.ts";
import type { ErrorContext } from "../http/connection-failure.ts";
import { readBody, type TransportResponse } from "../http/transport.ts";
import type { Secrets } from "./secrets.ts";

/** An error page; more of it helps nobody. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_MESSAGE_LENGTH = 300;

const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().nullish() })),
});

/**
 * Makes an error of an answer.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
export async function answerError(
  response: TransportResponse,
  { action, registry, hint, secrets }: ErrorContext & { readonly secrets: Secrets },
): Promise<RegistryError> {
  const { status } = response;
  const { code, message } = await readErrors(response, secrets);
  const detail = [code, message].filter((part) => part !== undefined).join(": ");
  const text = `Cannot ${action} at ${registry}: it answered ${status}${detail === "" ? "" : ` (${detail})`}`;
  return new RegistryError(errorCode(status, code), text, {
    status,
    registryCode: code,
    hint: hint ?? hintFor(status, code, message ?? ""),
  });
}

const MAX_WARNING_LENGTH = 4096;

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#warnings */
export function warningsIn(response: TransportResponse): string[] {
  return response
    .headers("warning")
    .flatMap((header) => /^299 - "(.*)"/.exec(header.slice(0, MAX_WARNING_LENGTH))?.[1] ?? []);
}

async function readErrors(
  response: TransportResponse,
  secrets: Secrets,
): Promise<{ code: string | undefined; message: string | undefined }> {
  try {
    const text = (await readBody(response, MAX_ERROR_BYTES)).toString("utf8");
    const [first] = errorsSchema.parse(JSON.parse(text)).errors;
    const message = first?.message ?? undefined;
    return {
      code: first && secrets.masked(first.code).slice(0, 60),
      // A secret that is cut off would not be known again.
      message: message && secrets.masked(message).slice(0, MAX_MESSAGE_LENGTH),
    };
  } catch {
    // Proxies answer in HTML and some registries in plain text: then the status has to do.
    return { code: undefined, message: undefined };
  }
}

function errorCode(status: number, code: string | undefined): ErrorCode {
  if (status === 401 || status === 403) return "DRAY_REGISTRY_DENIED";
  if (status === 404) return "DRAY_REGISTRY_NOT_FOUND";
  if (status === 429) return "DRAY_REGISTRY_BUSY";
  return code === "UNSUPPORTED" ? "DRAY_REGISTRY_UNSUPPORTED" : "DRAY_REGISTRY_FAILED";
}

function hintFor(status: number, code: string | undefined, message: string): string | undefined {
  if (code === "NAME_UNKNOWN" || /project|repository/i.test(message)) {
    return "Some registries want the project or repository to be made first.";
  }
  if (status === 413) return "A proxy in front of the registry limits the size of a request.";
  if (status === 429) return "The registry limits how often it may be asked; log in or wait.";
  return status >= 500 ? "The registry itself has a problem; try again later." : undefined;
}
