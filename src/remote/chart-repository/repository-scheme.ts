import { DrayError } from "../../errors.ts";
import { isConnectionCut, isOtherThanTls } from "../http/connection-failure.ts";
import { shownUrl } from "./repository-address.ts";

const IS_SECURE = "It seems to speak https: write https:// in its address.";
const IS_PLAIN = "It seems to speak plain http: write http:// in its address, with --plain-http.";

/**
 * What to do where somebody at `url` speaks another scheme than the address says: the connection failed
 * for `cause` before anything was answered, or (without one) the answer was that the request is bad.
 */
export function schemeHint({ protocol }: URL, cause?: unknown): string | undefined {
  if (protocol === "https:") return isOtherThanTls(cause) ? IS_PLAIN : undefined;
  return cause === undefined || isConnectionCut(cause) ? IS_SECURE : undefined;
}

export function unencrypted(url: URL): DrayError {
  return new DrayError(
    "DRAY_CHART_REPOSITORY_INVALID",
    `Cannot use chart repository ${JSON.stringify(shownUrl(url))}: expected https, found http`,
    { kind: "usage", hint: "If nobody listens in between, --plain-http allows it." },
  );
}
