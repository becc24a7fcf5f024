import type { ErrorCode } from "../../codes.ts";
import { RegistryError } from "../../errors.ts";
import type { ErrorContext } from "./connection-failure.ts";
import { readStart, type TransportResponse } from "./transport.ts";

const MAX_TITLE_LENGTH = 120;
/** Where a page that is one has said so. */
const LOOKED_AT = 4096;

const PAGE =
  /^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[^]*?-->\s*)?<(?:!doctype\s+html|html|head|body|title|h1|center)\b/i;

/**
 * What a page for people calls itself, in words; undefined for what is no page. Where a program expects
 * anything else, a proxy or a login page has answered in the place of whoever was asked.
 */
export function pageTitle(text: string): string | undefined {
  const start = text.slice(0, LOOKED_AT);
  if (!PAGE.test(start)) return undefined;
  const [, found = ""] = /<(?:title|h1)[^>]*>([^<]*)</i.exec(start) ?? [];
  const title = found.replace(/\s+/g, " ").trim().slice(0, MAX_TITLE_LENGTH);
  return title === "" ? "an HTML page" : `an HTML page, ${JSON.stringify(title)}`;
}

/** What to do about one. */
export const PAGE_HINT =
  "A page for people came where a program was to answer: a login page, a portal or a proxy stands in between. Open the address in a browser from this host.";

interface PageContext extends ErrorContext {
  readonly code?: ErrorCode;
}

/** As `requireNoPage`, for an answer whose body nobody else wants. */
export async function requireNoPageIn(
  response: TransportResponse,
  context: PageContext,
): Promise<void> {
  requireNoPage(await readStart(response, LOOKED_AT), response, context);
}

/** @throws RegistryError, by default `DRAY_REGISTRY_FAILED`, for an answer that is a page for people */
export function requireNoPage(
  bytes: Buffer,
  { status, url }: TransportResponse,
  { action, registry, code = "DRAY_REGISTRY_FAILED" }: PageContext,
): void {
  const title = pageTitle(bytes.toString("utf8", 0, LOOKED_AT));
  if (title === undefined) return;
  throw new RegistryError(
    code,
    `Cannot ${action} at ${registry}: ${url.host} answered ${status} with ${title}`,
    { status, hint: PAGE_HINT },
  );
}
