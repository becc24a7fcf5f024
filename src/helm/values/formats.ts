import { isIPv6 } from "node:net";
import { compileRegex } from "../../chart/regex.ts";

/** True for a text of the form. */
type Form = (text: string) => boolean;

const fits =
  (pattern: RegExp): Form =>
  (text) =>
    pattern.test(text);

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const isHostname: Form = (text) => {
  const name = text.replace(/\.$/, "");
  return name.length <= 253 && name.split(".").every((label) => LABEL.test(label));
};

const isIpv4: Form = (text) => {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((one) => /^(?:0|[1-9]\d{0,2})$/.test(one) && +one < 256);
};

const isPlainIpv6: Form = (text) => isIPv6(text) && !text.includes("%");

const LOCAL = /^(?:"[^"\\]*"?|(?!\.)(?!.*\.\.)[\w.!#$%&'*+\-/=?^`{|}~]*(?<!\.))$/;
const isEmail: Form = (text) => {
  const at = text.lastIndexOf("@");
  const [local, domain] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (at === -1 || text.length > 254 || local.length > 64 || !LOCAL.test(local)) return false;
  const [, address] = /^\[(.*)\]$/.exec(domain) ?? [];
  if (address === undefined) return isHostname(domain);
  const six = address.startsWith("IPv6:");
  return six ? isPlainIpv6(address.slice("IPv6:".length)) : isIpv4(address);
};

const isDate: Form = (text) => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
};

const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[zZ]|([-+])(\d\d):(\d\d))$/;
const isTime: Form = (text) => {
  const parts = TIME.exec(text);
  if (parts === null) return false;
  const [, hour, minute, second, sign, hours = "0", minutes = "0"] = parts;
  const at = minutesOf(hour, minute);
  const offset = minutesOf(hours, minutes);
  if (at === undefined || offset === undefined || Number(second) > 60) return false;
  const utc = (at + (sign === "+" ? -offset : offset) + DAY) % DAY;
  // A second more there is only in the last minute of a day.
  return Number(second) < 60 || utc === DAY - 1;
};

/** In minutes. */
const DAY = 24 * 60;

function minutesOf(hour = "", minute = ""): number | undefined {
  const isNone = Number(hour) > 23 || Number(minute) > 59;
  return isNone ? undefined : Number(hour) * 60 + Number(minute);
}

const isDateTime: Form = (text) =>
  /^.{10}[tT]/.test(text) && isDate(text.slice(0, 10)) && isTime(text.slice(11));

const isDuration = fits(
  /^P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?!$)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$/,
);

const isPeriod: Form = (text) => {
  const at = text.indexOf("/");
  const [start, end] = [text.slice(0, at), text.slice(at + 1)];
  if (at === -1) return false;
  if (start.startsWith("P")) return isDuration(start) && isDateTime(end);
  return isDateTime(start) && (end.startsWith("P") ? isDuration(end) : isDateTime(end));
};

const URL_PARTS =
  /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?[^#]*)?(?:#.*)?$/su;
const HOST = /^(?:[^@]*@)?(?:\[[^\]]*\]|[^\s[\]\\^`{|}%:]*)(?::\d*)?$/u;
/** Control characters, and half escapes before a query and behind it. */
const NO_URL = /(?![\u0080-\u009f])\p{Cc}|^[^?#]*%(?![0-9a-fA-F]{2})|#.*%(?![0-9a-fA-F]{2})/su;

/** An address as Go's `net/url` takes it: its scheme, and its path. */
function urlOf(text: string): { scheme: string; path: string } | undefined {
  const parts = NO_URL.test(text) ? null : URL_PARTS.exec(text);
  if (parts === null || text.startsWith(":")) return undefined;
  const [, scheme = "", host = "", path = ""] = parts;
  const isRelative = scheme === "" && !text.startsWith("/");
  const isNone = (isRelative && /^[^/]*:/.test(path)) || !isHost(host);
  return isNone ? undefined : { scheme, path };
}

function isHost(host: string): boolean {
  const [, six] = /\[([^\]]*)\]/.exec(host) ?? [];
  return HOST.test(host) && (six === undefined || isPlainIpv6(six));
}

const isUri: Form = (text) => (urlOf(text)?.scheme ?? "") !== "";
const isReference: Form = (text) => !text.includes("\\") && urlOf(text) !== undefined;
const isTemplate: Form = (text) => {
  const url = urlOf(text);
  return (
    url !== undefined &&
    url.path.split("/").every((one) => /^[^{}]*(?:\{[^{}]*\}[^{}]*)*$/.test(one))
  );
};

const POINTER = String.raw`(?:\/(?:[^~/]|~[01])*)*`;
const NUMBER = String.raw`(?:0|[1-9]\d*)`;
const IDENTIFIER = String.raw`(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)`;

/**
 * The formats that Helm's validator checks in schemas of draft 7 and older, and in no newer ones.
 * https://github.com/santhosh-tekuri/jsonschema/blob/v6.0.2/format.go
 */
export const FORMATS: Readonly<Record<string, Form>> = {
  regex: (text) => !("problem" in compileRegex(text)),
  uuid: fits(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i),
  ipv4: isIpv4,
  ipv6: isPlainIpv6,
  hostname: isHostname,
  email: isEmail,
  date: isDate,
  time: isTime,
  "date-time": isDateTime,
  duration: isDuration,
  period: isPeriod,
  "json-pointer": fits(new RegExp(`^${POINTER}$`, "s")),
  "relative-json-pointer": fits(new RegExp(`^${NUMBER}(?:#|${POINTER})$`, "s")),
  uri: isUri,
  iri: isUri,
  "uri-reference": isReference,
  "iri-reference": isReference,
  "uri-template": isTemplate,
  semver: fits(
    new RegExp(
      String.raw`^${NUMBER}(?:\.${NUMBER}){2}(?:-${IDENTIFIER}(?:\.${IDENTIFIER})*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$`,
    ),
  ),
};
