import { z } from "../../oci/schema.ts";

/** One reason for a refusal, as it was given. */
export interface OneError {
  readonly code?: string | number | undefined;
  readonly status?: string | number | undefined;
  readonly message?: string | undefined;
  readonly detail?: unknown;
}

/** Errors inside errors; nobody has a reason to go deeper. */
const MAX_DEPTH = 4;
/** A manifest of which nothing is there is an error for each of its layers. */
const MAX_LISTED = 1000;

const table = z.record(z.string(), z.unknown());

/** What a body of an answer that refuses something says, whatever wrote it. */
export function errorsIn(text: string, contentType: string): OneError[] {
  try {
    return errorsOf(JSON.parse(text));
  } catch {
    return xmlError(text) ?? plainError(text, contentType);
  }
}

/**
 * The errors of a JSON value: those of a list, as the specification has them, and what proxies, balancers
 * and clouds write in its place, a list with holes, a single one, a mere text.
 */
function errorsOf(value: unknown, depth = 0): OneError[] {
  if (typeof value === "string") return value === "" ? [] : [{ message: value }];
  if (depth === MAX_DEPTH) return [];
  if (Array.isArray(value)) {
    return value.slice(0, MAX_LISTED).flatMap((one: unknown) => errorsOf(one, depth + 1));
  }
  const parsed = table.safeParse(value);
  if (!parsed.success) return [];
  const inner = innerErrors(parsed.data, depth);
  return inner.length > 0 ? inner : ownError(parsed.data, depth);
}

/** Of `errors`, which may be of any kind, or of an `error` that is no text. */
function innerErrors(
  { errors, error }: Readonly<Record<string, unknown>>,
  depth: number,
): OneError[] {
  const listed = errorsOf(errors, depth + 1);
  if (listed.length > 0 || errors == null) {
    return listed.length > 0 || typeof error === "string" ? listed : errorsOf(error, depth + 1);
  }
  // What is wrong by the name of what it is wrong with.
  return table.safeParse(errors).success ? [{ detail: errors }] : [];
}

function ownError(body: Readonly<Record<string, unknown>>, depth: number): OneError[] {
  const { error, error_description: description, title } = body;
  const written = body["message"] ?? body["Message"];
  const message = [written, description, error, title].find(isText);
  // In the form of OAuth `error` is the code.
  const code = [body["code"], isText(description) ? error : undefined].find(isCode);
  const status = [body["status"]].find(isCode);
  const details = [body["detail"], body["details"], isText(written) ? undefined : written];
  const detail = details.find((one) => one != null);
  const hasReason = message !== undefined || code !== undefined || detail !== undefined;
  // A mere status tells nothing new, unless it stands where errors were due.
  return hasReason || (depth > 0 && status !== undefined)
    ? [{ code, status, message, detail }]
    : [];
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isCode(value: unknown): value is string | number {
  return isText(value) || typeof value === "number";
}

/** Stores of objects answer in XML. */
function xmlError(text: string): OneError[] | undefined {
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  if (code === undefined) return undefined;
  return [{ code, message: /<Message>([^<]*)<\/Message>/.exec(text)?.[1] }];
}

function plainError(text: string, contentType: string): OneError[] {
  const [line = ""] = text.trim().split("\n");
  const isPlain = contentType === "" || contentType.startsWith("text/plain");
  const isReadable = line !== "" && !line.startsWith("<") && !line.includes("\uFFFD");
  return isPlain && isReadable ? [{ message: line }] : [];
}
