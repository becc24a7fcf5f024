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
  return formsOf(was.base).some((form) => {
    if (was.ending === "" && is.ending !== "") return isFilledUp(form, is);
    return isEnding(was.ending, is.ending) && isBase(form, is.base);
  });
}

function partsOf(name: string): Parts {
  const plain = name.toLowerCase();
  const dot = plain.lastIndexOf(".");
  const [base, ending] = dot > 0 ? [plain.slice(0, dot), plain.slice(dot + 1)] : [plain, ""];
  return { base, ending };
}

/** What is before the last dot, with the signs that ISO 9660 and DOS allow there. */
function formsOf(base: string): string[] {
  const disc = base.replaceAll(/[^a-z0-9]/g, "_");
  const dos = base.replaceAll(/[. ]/g, "").replaceAll(/[+,;=[\]]/g, "_");
  return [disc, dos];
}

/** Some writers put what is too long for a name without an ending into one. */
function isFilledUp(was: string, is: Parts): boolean {
  return is.base.length === SHORT && was.startsWith(is.base + is.ending);
}

function isEnding(was: string, is: string): boolean {
  return was === is || (is.length === 3 && was.startsWith(is));
}

function isBase(was: string, is: string): boolean {
  const [, stem = "", number] = /^(.*?)(~\d+)?$/.exec(is) ?? [];
  // Where many begin alike, Windows keeps two letters and goes on with a sum over the name.
  const isSum = stem.length === 6 && was.startsWith(stem.slice(0, 2));
  if (number !== undefined) return was.startsWith(stem) || isSum;
  if (was === is) return true;
  // And ISO 9660 ends them in a number.
  const isNumbered = /\d{3}$/.test(is) && was.startsWith(is.slice(0, -3));
  return is.length >= SHORT && (was.startsWith(is) || isNumbered);
}
