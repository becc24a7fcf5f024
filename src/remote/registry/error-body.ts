import { z } from "../../oci/schema.ts";
import { readDocument } from "../http/content-coding.ts";
import { pageTitle } from "../http/page.ts";
import type { TransportResponse } from "../http/transport.ts";
import type { Secrets } from "../http/secrets.ts";

/** An error page; more of it helps nobody. */
const MAX_ERROR_BYTES = 64 * 1024;
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

const oneError = z.object({
  code: z.union([z.string(), z.number()]).nullish(),
  status: z.number().nullish(),
  message: z.string().nullish(),
  detail: z.unknown().optional(),
});

type OneError = z.infer<typeof oneError>;

/** As the spec has it, and as proxies, balancers and clouds write theirs. */
const bodySchema = z.union([
  z.object({ errors: z.array(oneError).min(1) }),
  z
    .object({
      code: z.union([z.string(), z.number()]).nullish(),
      message: z.string().nullish(),
      error: z.string().nullish(),
      error_description: z.string().nullish(),
      detail: z.unknown().optional(),
      details: z.unknown().optional(),
    })
    .transform((body) => ({
      errors: [
        {
          code: body.error_description == null ? body.code : body.error,
          message: body.message ?? body.error_description ?? body.error,
          detail: body.detail ?? body.details,
        },
      ],
    })),
]);

/** Reads what an answer that refuses something says of it, in whatever form. */
export async function readErrorBody(
  response: TransportResponse,
  secrets: Secrets,
): Promise<ErrorBody> {
  let bytes: Buffer;
  try {
    bytes = await readDocument(response, MAX_ERROR_BYTES);
  } catch {
    // It breaks off, or has no end: then the status has to do.
    return NOTHING;
  }
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
  const errors = errorsIn(text);
  const digests = [...new Set(text.match(DIGEST)?.map((one) => one.replace("__", ":")))];
  const found = (errors ?? xmlError(text) ?? plainError(text, contentType)).map((one) =>
    masked(one, mask),
  );
  return {
    codes: found.flatMap(({ code }) => (code == null ? [] : [clip(String(code), MAX_CODE_LENGTH)])),
    text: inWords(found),
    digests: digests.slice(0, MAX_DIGESTS),
    isPage: false,
  };
}

type Mask = (text: string) => string;

function masked({ code, status, message, detail }: OneError, mask: Mask): OneError {
  const strings = (_key: string, value: unknown): unknown =>
    typeof value === "string" ? mask(value) : value;
  const text = detail === undefined ? undefined : JSON.stringify(detail, strings);
  return {
    code: typeof code === "string" ? mask(code) : code,
    status,
    message: message == null ? message : mask(message),
    detail: text === undefined ? undefined : (JSON.parse(text) as unknown),
  };
}

function errorsIn(text: string): OneError[] | undefined {
  try {
    const parsed = bodySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.errors : [];
  } catch {
    return undefined;
  }
}

/** Stores of objects answer in XML. */
function xmlError(text: string): OneError[] | undefined {
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  if (code === undefined) return undefined;
  return [{ code, message: /<Message>([^<]*)<\/Message>/.exec(text)?.[1], detail: undefined }];
}

function plainError(text: string, contentType: string): OneError[] {
  const [line = ""] = text.trim().split("\n");
  const isText = contentType === "" || contentType.startsWith("text/plain");
  const isReadable = line !== "" && !line.startsWith("<") && !line.includes("\uFFFD");
  return isText && isReadable ? [{ message: line, detail: undefined }] : [];
}

function inWords(errors: readonly OneError[]): string {
  const said = [...new Set(errors.map(oneInWords).filter((one) => one !== ""))];
  const more = said.length - MAX_ERRORS;
  return [...said.slice(0, MAX_ERRORS), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function oneInWords({ code, status, message, detail }: OneError): string {
  const name = code ?? status;
  const parts = [
    name == null ? "" : clip(String(name), MAX_CODE_LENGTH),
    clip(message ?? "", MAX_MESSAGE_LENGTH),
  ];
  const text = parts.filter((part) => part !== "").join(": ");
  const more = detailInWords(detail);
  return more === "" || text.includes(more) ? text : `${text}${text === "" ? "" : " "}[${more}]`;
}

function detailInWords(detail: unknown): string {
  if (detail === undefined || detail === null || detail === "") return "";
  const text = typeof detail === "string" ? detail : JSON.stringify(detail);
  return /^(?:\{\}|\[\]|"")$/.test(text) ? "" : clip(text, MAX_DETAIL_LENGTH);
}

/** On one line. */
function clip(text: string, length: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
