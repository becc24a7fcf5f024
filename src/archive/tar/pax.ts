/** What PAX records say of an entry, as far as it matters here. */
export interface PaxMeta {
  readonly path: string | undefined;
  /** Where a link leads. */
  readonly linkPath: string | undefined;
  readonly size: number | undefined;
  /** The content is a map of holes and what lies between them. */
  readonly isSparse: boolean;
}

/** A size in decimal that is counted exactly. */
const SIZE = /^[0-9]{1,15}$/;

/** Records that only make sense about one member. */
const OWN_RECORD = /^(?:path|linkpath|size|GNU\.sparse\..*)$/;

/**
 * Reads the records of a PAX header, or says why not. What one reader leaves out and another believes
 * gives an entry two names or two sizes, so every record has to be well-formed.
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_03
 */
export function parsePax(bytes: Buffer): PaxMeta | { readonly problem: string } {
  const records = parseRecords(bytes);
  if (records === undefined) return { problem: "a PAX record is malformed" };
  const size = records.get("size")?.toString("latin1");
  if (size !== undefined && !SIZE.test(size)) return { problem: "a PAX record has a wrong size" };
  return {
    // An empty value takes back what was said before.
    path: records.get("path")?.toString("utf8") || undefined,
    linkPath: records.get("linkpath")?.toString("utf8") || undefined,
    size: size === undefined ? undefined : Number(size),
    isSparse: [...records.keys()].some((name) => name.startsWith("GNU.sparse.")),
  };
}

/** Why a PAX header cannot stand for all entries that follow, or undefined. */
export function globalPaxProblem(bytes: Buffer): string | undefined {
  const records = parseRecords(bytes);
  if (records === undefined) return "a PAX record is malformed";
  const own = [...records.keys()].find((name) => OWN_RECORD.test(name));
  return own === undefined ? undefined : `a PAX record gives every entry one ${own}`;
}

/** `LENGTH NAME=VALUE` and a line feed, where LENGTH counts all of it. The last of a name counts. */
function parseRecords(bytes: Buffer): Map<string, Buffer> | undefined {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(0x20, at);
    const length = bytes.toString("latin1", at, blank);
    const end = at + Number(length);
    const equals = bytes.indexOf(0x3d, blank);
    const good =
      /^[1-9][0-9]{0,9}$/.test(length) &&
      end <= bytes.length &&
      bytes[end - 1] === 0x0a &&
      equals > blank + 1 &&
      equals < end;
    if (!good) return undefined;
    records.set(bytes.toString("utf8", blank + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}
