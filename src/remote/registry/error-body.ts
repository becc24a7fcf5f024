import { decoded } from "../http/content-coding.ts";
import { pageTitle } from "../http/page.ts";
import { readStart, type TransportResponse } from "../http/transport.ts";
import type { Secrets } from "../http/secrets.ts";
import { errorsIn, type OneError } from "./error-forms.ts";

/** Of a page for people the start is enough; an error for each of a thousand layers is not larger. */
const MAX_ERROR_BYTES = 256 * 1024;
const MAX_CODE_LENGTH = 60;
const MAX_MESSAGE_LENGTH = 300;
const MAX_DETAIL_LENGTH = 300;
/** A manifest of which nothing is there is an error for each of its layers. */
const MAX_ERRORS = 8;
const MAX_DIGESTS = 1000;

/** What an answer says of why it refuses. */
export interface ErrorBody {
  /** The codes of its errors, as the distribution spec lists them. */
  readonly codes: readonly string[];
  /** What it says, for people, without secrets; empty for nothing. */
  readonly text: string;
  /** Digests of content that it speaks of. */
  readonly digests: readonly string[];
  /** It is a page for people: somebody else may have answered in the registry's place. */
  readonly isPage: boolean;
}

/** Artifactory speaks of the names of its files: `sha256__…`. */
const DIGEST = /sha(?:256(?::|__)[0-9a-f]{64}|512(?::|__)[0-9a-f]{128})(?![0-9a-f])/g;

const NOTHING: ErrorBody = { codes: [], text: "", digests: [], isPage: false };

/** Reads what an answer that refuses something says of it, in whatever form. */
export async function readErrorBody(
  response: TransportResponse,
  secrets: Secrets,
): Promise<ErrorBody> {
  const bytes = decoded(await readStart(response, MAX_ERROR_BYTES), response, MAX_ERROR_BYTES);
  const mask = (text: string): string => secrets.masked(text);
  // A secret that is cut off or escaped would not be known again: it is masked before and after.
  return parseErrorBody(mask(bytes.toString("utf8")), response.header("content-type"), mask);
}

/** @internal for tests */
export function parseErrorBody(
  text: string,
  contentType = "",
  mask: Mask = (said) => said,
): ErrorBody {
  const title = pageTitle(text);
  if (title !== undefined) return { ...NOTHING, text: title, isPage: true };
  const digests = [...new Set(text.match(DIGEST)?.map((one) => one.replace("__", ":")))];
  const found = errorsIn(text, contentType).map((one) => masked(one, mask));
  return {
    codes: found.flatMap(({ code }) => (code == null ? [] : [clip(String(code), MAX_CODE_LENGTH)])),
    text: inWords(found),
    digests: digests.slice(0, MAX_DIGESTS),
    isPage: false,
  };
}

type Mask = (text: string) => string;

/** As shown: its detail in words, and nothing secret in it. */
type ShownError = Omit<OneError, "detail"> & { readonly detail: string };

function masked({ code, status, message, detail }: OneError, mask: Mask): ShownError {
  const maskedIf = <T>(value: T | string): T | string =>
    typeof value === "string" ? mask(value) : value;
  return {
    code: maskedIf(code),
    status: maskedIf(status),
    message: maskedIf(message),
    detail: detailInWords(detail, mask),
  };
}

function inWords(errors: readonly ShownError[]): string {
  const said = [...new Set(errors.map(oneInWords).filter((one) => one !== ""))];
  const more = said.length - MAX_ERRORS;
  return [...said.slice(0, MAX_ERRORS), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function oneInWords({ code, status, message, detail }: ShownError): string {
  const name = code ?? status;
  const parts = [
    name == null ? "" : clip(String(name), MAX_CODE_LENGTH),
    clip(message ?? "", MAX_MESSAGE_LENGTH),
  ];
  const text = parts.filter((part) => part !== "").join(": ");
  const more = clip(detail, MAX_DETAIL_LENGTH);
  return more === "" || text.includes(more) ? text : `${text}${text === "" ? "" : " "}[${more}]`;
}

/** What more is said, on one line; nothing where that is nothing, or nested beyond all measure. */
function detailInWords(detail: unknown, mask: Mask): string {
  if (typeof detail === "string") return mask(detail);
  if (detail === undefined || detail === null) return "";
  const strings = (_key: string, value: unknown): unknown =>
    typeof value === "string" ? mask(value) : value;
  try {
    const text = JSON.stringify(detail, strings);
    return /^(?:\{\}|\[\]|"")$/.test(text) ? "" : text;
  } catch (error) {
    if (error instanceof RangeError) return "";
    throw error;
  }
}

/** On one line. */
function clip(text: string, length: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
