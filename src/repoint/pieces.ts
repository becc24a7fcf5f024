import type { Reference } from "../oci/reference.ts";
import { nameOf } from "./names.ts";

/** How a chart can write the name of an image, without tag and digest; the fullest first. */
export function formsOf(reference: Reference, written: string): string[] {
  const full = nameOf(reference);
  const forms = [full, withoutPin(written)];
  if (reference.registry === "docker.io") {
    forms.push(
      `index.${full}`,
      reference.repository,
      reference.repository.replace(/^library\//, ""),
    );
  }
  return [...new Set(forms)].filter((form) => form !== "");
}

export function withoutPin(text: string): string {
  const at = text.indexOf("@");
  const named = at === -1 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  return colon > named.lastIndexOf("/") ? named.slice(0, colon) : named;
}

/** Every way to cut a name in two at a slash. */
export function cuts(name: string): { head: string; tail: string }[] {
  const parts = name.split("/");
  return parts.slice(1).map((_, index) => ({
    head: parts.slice(0, index + 1).join("/"),
    tail: parts.slice(index + 1).join("/"),
  }));
}

/** `name` and what is left of it without its first parts, the longest first. */
export function endsOf(name: string): string[] {
  return [name, ...cuts(name).map(({ tail }) => tail)];
}

/** True if `text` is the last parts of `name`, and not all of it. */
export function isEnd(text: string, name: string): boolean {
  return text !== "" && name.endsWith(`/${text}`);
}

/** True if `text` is the first parts of `name`, and not all of it. */
export function isBeginning(text: string, name: string): boolean {
  return text !== "" && name.startsWith(`${text}/`);
}

/** `text` with `name` in it, wherever it stands alone, replaced; undefined if it does not stand there. */
export function replaceName(text: string, name: string, by: string): string | undefined {
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    if (at < from || !standsAlone(text, at, at + name.length)) continue;
    parts.push(text.slice(from, at), by);
    from = at + name.length;
  }
  return parts.length === 0 ? undefined : [...parts, text.slice(from)].join("");
}

function standsAlone(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 3), start);
  const after = text.slice(end, end + 2);
  // Behind a scheme there is an address, and behind a dot more of a name.
  return !/[\w./@-]$/.test(before) && !/^(?:[\w/-]|\.\w)/.test(after);
}
