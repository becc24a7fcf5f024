import { posix } from "node:path";
import { fn, type TemplateFunction } from "../signature.ts";
import { TemplateError } from "../template-error.ts";
import type { Dict, Value } from "../value.ts";

const base = fn(["string"], ([path]) => (path === "" ? "." : posix.basename(path) || "/"));
const dir = fn(["string"], ([path]) => posix.normalize(posix.dirname(path)));
const ext = fn(["string"], ([path]) => /\.[^./]*$/.exec(path)?.[0] ?? "");
const clean = fn(["string"], ([path]) => posix.normalize(path).replace(/(?<=.)\/$/, ""));
const isAbs = fn(["string"], ([path]) => path.startsWith("/"));

/** Paths and URLs, as texts: nothing is opened. */
export const PATHS: Readonly<Record<string, TemplateFunction>> = {
  base,
  dir,
  ext,
  clean,
  isAbs,
  osBase: base,
  osDir: dir,
  osExt: ext,
  osClean: clean,
  osIsAbs: isAbs,
  urlParse: fn(["string"], ([a]) => parsedUrl(a)),
  urlJoin: fn(["dict"], ([a]) => joinedUrl(a)),
};

const URL_PARTS =
  /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

/** What Go takes for no address: control characters, half escapes, a colon in the first name of a path. */
const NO_URL =
  /(?![\u0080-\u009f])\p{Cc}|%(?![0-9a-fA-F]{2})|^(?![a-zA-Z][a-zA-Z0-9+.-]*:)[^/?#]*:/u;

function parsedUrl(text: string): Dict {
  const parts = NO_URL.test(text) ? null : URL_PARTS.exec(text);
  if (parts === null) throw new TemplateError(`unable to parse url ${JSON.stringify(text)}`);
  const [, scheme = "", authority = "", path = "", query = "", fragment = ""] = parts;
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  return new Map<string, Value>([
    ["scheme", scheme],
    ["userinfo", at === -1 ? "" : authority.slice(0, at)],
    ["host", host],
    ["hostname", host.replace(/:\d*$/, "")],
    ["path", path],
    ["query", query],
    ["opaque", ""],
    ["fragment", fragment],
  ]);
}

function joinedUrl(parts: Dict): string {
  const part = (name: string): string => textOf(parts.get(name) ?? null);
  const wrap = (before: string, name: string, after = ""): string =>
    part(name) === "" ? "" : before + part(name) + after;
  const authority = part("host") === "" ? "" : `//${wrap("", "userinfo", "@")}${part("host")}`;
  const path =
    authority !== "" && !/^(?:\/|$)/.test(part("path")) ? `/${part("path")}` : part("path");
  return (
    wrap("", "scheme", ":") +
    authority +
    encodeURI(path) +
    wrap("?", "query") +
    wrap("#", "fragment")
  );
}

function textOf(value: Value): string {
  return typeof value === "string" ? value : "";
}
