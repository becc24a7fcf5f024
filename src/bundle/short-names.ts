/** Names of ISO 9660 and of DOS keep so many letters at least where they cut. */
const SHORT = 8;

/**
 * True if `found` is what a file system with short names makes of the path `wanted`: DOS (`BUNDLE~1.JSO`)
 * and ISO 9660 without Joliet or Rock Ridge (`OCI_LAYO.;1`, `SHA256SUMS_SIGSTORE.JSON`). It loses
 * case, signs, the ends of names and all but three letters of their endings. Many names become one so:
 * the content has to prove which it was.
 */
export function isShortened(wanted: string, found: string): boolean {
  const [is, was] = [found.split("/"), wanted.split("/")];
  return is.length === was.length && is.every((part, index) => isShort(was[index] ?? "", part));
}

interface Parts {
  readonly base: string;
  readonly ending: string;
}

function isShort(wanted: string, found: string): boolean {
  if (wanted === found) return true;
  // Behind a semicolon ISO 9660 has the version, and a dot behind every name.
  const is = partsOf(found.replace(/;\d+$/, "").replace(/\.$/, ""));
  const was = partsOf(wanted);
  if (was.ending === "" && is.ending !== "") return isFilledUp(was, is);
  return isEnding(was.ending, is.ending) && isBase(letters(was.base), is.base);
}

function partsOf(name: string): Parts {
  const dot = name.lastIndexOf(".");
  const [base, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot + 1)] : [name, ""];
  return { base: base.toLowerCase(), ending: letters(ending) };
}

/** Signs become others or go. */
function letters(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** Some writers put what is too long for a name without an ending into one. */
function isFilledUp(was: Parts, is: Parts): boolean {
  return is.base.length === SHORT && letters(was.base).startsWith(letters(is.base) + is.ending);
}

function isEnding(was: string, is: string): boolean {
  return was === is || (is.length === 3 && was.startsWith(is));
}

function isBase(was: string, is: string): boolean {
  const [, stem, number] = /^(.*?)(~\d+)?$/.exec(is) ?? [];
  const kept = letters(stem ?? "");
  // Where many begin alike, Windows keeps two letters and goes on with a sum over the name.
  if (number !== undefined)
    return was.startsWith(kept) || (kept.length === 6 && was.startsWith(kept.slice(0, 2)));
  if (was === kept) return true;
  // And ISO 9660 ends them in a number.
  const isNumbered = /\d{3}$/.test(kept) && was.startsWith(kept.slice(0, -3));
  return is.length >= SHORT && (was.startsWith(kept) || isNumbered);
}
