import { entryPath } from "../archive/entry-path.ts";
import { DrayError } from "../errors.ts";
import { MAX_SUMS_BYTES, SUMS_FILE } from "./format.ts";

/** SHA-256 in hexadecimal by path. */
export type Sums = ReadonlyMap<string, string>;

const LINE = /^([a-f0-9]{64}) [ *](.+)$/;

/**
 * Reads a list as `sha256sum` writes it: one line a file, sorted by path, every path safe.
 * @throws DrayError `DRAY_SUMS_INVALID`
 */
export function parseSums(bytes: Buffer): Sums {
  if (bytes.length > MAX_SUMS_BYTES) {
    throw invalid(`expected at most ${MAX_SUMS_BYTES} bytes, found ${bytes.length}`);
  }
  const text = bytes.toString("utf8");
  if (text.includes("\r")) {
    throw invalid(
      "its line ends were changed to CR LF on the way",
      "Copy the bundle again as binary.",
    );
  }
  if (!text.endsWith("\n")) throw invalid("its last line is cut off");
  const sums = new Map<string, string>();
  let last = "";
  let number = 1;
  for (const line of linesOf(text)) {
    const [, sum, path] = LINE.exec(line) ?? [];
    if (sum === undefined || path === undefined) throw invalid(`line ${number} is not "SUM  PATH"`);
    const checked = entryPath(path);
    if ("problem" in checked || checked.path !== path) {
      throw invalid(
        `line ${number} names ${JSON.stringify(path.slice(0, 200))}, which is no safe path`,
      );
    }
    if (path <= last) throw invalid(`line ${number} is out of order or stands twice`);
    sums.set(path, sum);
    last = path;
    number++;
  }
  return sums;
}

/** One after another: a list of nothing but line feeds has more lines than an array takes. */
export function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const next = text.indexOf("\n", start);
    const end = next === -1 ? text.length : next;
    yield text.slice(start, end);
    start = end + 1;
  }
}

export function formatSums(sums: Sums): Buffer {
  const paths = [...sums.keys()].toSorted(byCodeUnit);
  return Buffer.from(paths.map((path) => `${sums.get(path)}  ${path}\n`).join(""));
}

/** The order of `LC_ALL=C sort` for the ASCII names that a bundle has. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function invalid(reason: string, hint?: string): DrayError {
  return new DrayError("DRAY_SUMS_INVALID", `Cannot read ${SUMS_FILE}: ${reason}`, {
    kind: "refused",
    hint,
  });
}
