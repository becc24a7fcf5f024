import { entryPath } from "../archive/entry-path.ts";
import type { Archive } from "../archive/archive.ts";
import type { WorkOptions } from "../archive/work-file.ts";
import { collect, type Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";

/** Part of a file: all of it where nothing is said. */
export interface ByteRange {
  readonly offset?: number;
  readonly length?: number;
}

/** A regular file somewhere inside what arrived. */
export interface ForeignFile {
  /** Where it lies, for people: `outer.tar → inner/path` inside an archive of its own. */
  readonly path: string;
  readonly size: number;
  read(range?: ByteRange): Bytes;
  /** Opens it as an archive of its own, which has to be closed. */
  open(options: WorkOptions): Promise<Archive>;
}

/** As much of a file as reading it takes. */
export type Content = Pick<ForeignFile, "path" | "size" | "read">;

/** What a name that is a link leads to, as the archive states it. */
export interface ForeignLink {
  readonly kind: "symbolic" | "hard";
  readonly target: string;
}

/** Real archives link once: a layer to the same layer of another image. */
const MAX_LINKS = 8;

/** The files of one archive by their path in it, and which of them somebody has made sense of. */
export class FileTree {
  /** What is put before a path to say where it is: empty for the outermost archive. */
  readonly prefix: string;
  readonly files: ReadonlyMap<string, ForeignFile>;
  readonly links: ReadonlyMap<string, ForeignLink>;
  readonly #claimed = new Set<string>();
  /** All paths in order, made when somebody asks for a part. */
  #sorted: readonly string[] | undefined;

  constructor(content: {
    prefix: string;
    files: ReadonlyMap<string, ForeignFile>;
    links: ReadonlyMap<string, ForeignLink>;
  }) {
    this.prefix = content.prefix;
    this.files = content.files;
    this.links = content.links;
  }

  /** Paths that nobody has claimed, in stored order. */
  *unclaimed(): Generator<string> {
    for (const path of this.files.keys()) if (!this.#claimed.has(path)) yield path;
  }

  isClaimed(path: string): boolean {
    return this.#claimed.has(path);
  }

  /** Makes files and links known as parts of something: nobody else looks at them. */
  claim(paths: Iterable<string>): void {
    for (const path of paths) this.#claimed.add(path);
  }

  /** The paths of files and links that begin so. */
  below(prefix: string): readonly string[] {
    this.#sorted ??= [...this.files.keys(), ...this.links.keys()].toSorted();
    const sorted = this.#sorted;
    const start = firstFrom(sorted, prefix);
    let end = start;
    while (sorted[end]?.startsWith(prefix) === true) end++;
    return sorted.slice(start, end);
  }

  /** A file, or the file that a link of this name ends at. Links lead to files of this archive only. */
  follow(path: string): ForeignFile {
    const seen = [path];
    for (let at = path; ;) {
      const file = this.files.get(at);
      const link = this.links.get(at);
      if (file !== undefined && link === undefined) return file;
      if (link === undefined || file !== undefined) throw badLink(this.place(path), seen, at);
      if (seen.length > MAX_LINKS) throw tooManyLinks(this.place(path));
      at = targetOf(at, link) ?? link.target;
      seen.push(at);
    }
  }

  /** The content of a small file. @throws DrayError `DRAY_ENTRY_MISSING`, `DRAY_ENTRY_TOO_LARGE` */
  async readSmall(path: string, maxBytes: number): Promise<Buffer> {
    return readWhole(this.follow(path), maxBytes);
  }

  place(path: string): string {
    return `${this.prefix}${path}`;
  }
}

/** Where `text` stands in a sorted list, or would. */
function firstFrom(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** All bytes of a file that has to be small. @throws DrayError `DRAY_ENTRY_TOO_LARGE` */
export async function readWhole(file: Content, maxBytes: number): Promise<Buffer> {
  if (file.size <= maxBytes) return collect(file.read());
  throw new DrayError(
    "DRAY_ENTRY_TOO_LARGE",
    `Cannot read ${JSON.stringify(file.path)}: expected at most ${maxBytes} bytes, found ${file.size}`,
    { kind: "refused" },
  );
}

/** The path that a link leads to, or undefined if it leaves the archive or is no plain path. */
function targetOf(path: string, { kind, target }: ForeignLink): string | undefined {
  const parts = kind === "hard" ? [] : path.split("/").slice(0, -1);
  if (target.startsWith("/")) return undefined;
  for (const part of target.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "" && part !== ".") {
      parts.push(part);
    }
  }
  const checked = entryPath(parts.join("/"));
  return "path" in checked ? checked.path : undefined;
}

function badLink(place: string, seen: readonly string[], at: string): DrayError {
  if (seen.length === 1) {
    return new DrayError(
      "DRAY_ENTRY_MISSING",
      `Cannot read ${JSON.stringify(place)}: it is not there`,
      {
        kind: "refused",
      },
    );
  }
  return new DrayError(
    "DRAY_LINK_REFUSED",
    `Cannot follow link ${JSON.stringify(place)}: expected a regular file of the same archive, found ${JSON.stringify(at.slice(0, 200))}`,
    { kind: "refused" },
  );
}

function tooManyLinks(place: string): DrayError {
  return new DrayError(
    "DRAY_LINK_REFUSED",
    `Cannot follow link ${JSON.stringify(place)}: expected at most ${MAX_LINKS} links in a row`,
    { kind: "refused" },
  );
}
