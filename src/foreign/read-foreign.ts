import type { Archive, SeekableArchive } from "../archive/archive.ts";
import type { WorkOptions } from "../archive/work-file.ts";
import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import { joinTrees, missingParts, setOf } from "./archive-set.ts";
import { BlobPool } from "./blob-pool.ts";
import type { FileTree } from "./file-tree.ts";
import type {
  ForeignChart,
  ForeignContent,
  ForeignIdentity,
  ForeignReader,
  ForeignRoot,
} from "./foreign-content.ts";
import { openInner } from "./inner-archive.ts";
import { openTree, type OpenedTree } from "./open-tree.ts";
import { findCharts } from "./charts.ts";
import { dockerArchive } from "./readers/docker-archive.ts";
import { haul } from "./readers/haul.ts";
import { imageLayout } from "./readers/image-layout.ts";
import { imgpkgArchive } from "./readers/imgpkg-archive.ts";
import { registryStorage } from "./readers/registry-storage.ts";
import { skopeoDirectory } from "./readers/skopeo-directory.ts";
import { wrap } from "./readers/wrap.ts";
import { zarfPackage } from "./readers/zarf-package.ts";

/** Each leaves to the next what it does not understand: who knows more of a form stands first. */
const READERS: readonly ForeignReader[] = [
  zarfPackage,
  haul,
  wrap,
  registryStorage,
  imageLayout,
  imgpkgArchive,
  skopeoDirectory,
  dockerArchive,
];

/** Archives within archives: a vendor's archive, of a backup, of images. */
const MAX_ARCHIVE_DEPTH = 3;

/** All that readers have made of what arrived. */
export interface Foreign {
  /** `OCI image layout, 12 docker save (classic) in gzip, tar` */
  readonly form: string;
  readonly blobs: BlobPool;
  readonly roots: readonly ForeignRoot[];
  readonly charts: readonly ForeignChart[];
  readonly identity: ForeignIdentity | undefined;
  readonly stripped: readonly string[];
  readonly findings: readonly Finding[];
}

export interface OpenForeign extends Foreign {
  /** Closes the archives inside; the outermost is left to who opened it. */
  readonly close: () => Promise<void>;
}

/**
 * Finds images, and charts beside them, in whatever others have packed; undefined if it is nothing
 * that any reader knows.
 */
export async function readForeign(
  archive: SeekableArchive,
  options: WorkOptions,
): Promise<OpenForeign | undefined> {
  const reading = new Reading(archive, options);
  try {
    await reading.tree(await openTree(archive, options), 0);
    const foreign = reading.result(archive.forms.join(", "));
    if (foreign === undefined) await reading.close();
    return foreign;
  } catch (error) {
    await reading.close();
    throw error;
  }
}

/** Several things as if they had arrived as one. */
export function joinForeign(all: readonly Foreign[]): Foreign {
  const blobs = new BlobPool(all.map(({ blobs: { name } }) => name).join(", "));
  for (const one of all) blobs.addAll(one.blobs);
  const [only] = all;
  return {
    form: all.map(({ form }) => form).join(", "),
    blobs,
    roots: all.flatMap(({ roots }) => roots),
    charts: all.flatMap(({ charts }) => charts),
    identity: all.length === 1 ? only?.identity : undefined,
    stripped: all.flatMap(({ stripped }) => stripped),
    findings: all.flatMap(({ findings }) => findings),
  };
}

class Reading {
  readonly #options: WorkOptions;
  readonly #blobs: BlobPool;
  readonly #contents: ForeignContent[] = [];
  readonly #charts: ForeignChart[] = [];
  readonly #findings: Finding[] = [];
  readonly #stripped: string[] = [];
  readonly #leftOver: string[] = [];
  readonly #open: Archive[] = [];
  /** Some reader knows what this is, whether or not it can be read. */
  #isKnown = false;

  constructor({ path, notes }: Archive, options: WorkOptions) {
    this.#options = options;
    this.#blobs = new BlobPool(JSON.stringify(path));
    this.#findings.push(...notes);
  }

  async close(): Promise<void> {
    for (const archive of this.#open.toReversed()) await archive.close();
  }

  async tree(opened: OpenedTree, depth: number): Promise<void> {
    const { tree, findings, linkFindings, stripped } = opened;
    this.#findings.push(...findings);
    this.#stripped.push(...stripped);
    for (const reader of READERS) await this.#apply(reader, opened);
    this.#charts.push(...(await findCharts(tree)));
    if (depth < MAX_ARCHIVE_DEPTH) await this.#innerArchives(opened, depth);
    for (const [path, finding] of linkFindings) {
      if (!tree.isClaimed(path)) this.#findings.push(finding);
    }
    for (const path of tree.unclaimed()) this.#leftOver.push(tree.place(path));
  }

  async #apply(reader: ForeignReader, { tree }: OpenedTree): Promise<void> {
    for (const at of reader.detect(tree)) {
      this.#options.signal?.throwIfAborted();
      try {
        const content = await reader.open(tree, at, this.#options);
        if (content === undefined) continue;
        this.#isKnown = true;
        this.#take(content);
      } catch (error) {
        if (!(error instanceof DrayError)) throw error;
        this.#isKnown = true;
        this.#findings.push(findingOf(error, tree.place(at) || "."));
      }
    }
  }

  #take(content: ForeignContent): void {
    this.#contents.push(content);
    this.#blobs.addAll(content.blobs);
    this.#charts.push(...(content.charts ?? []));
    this.#findings.push(...content.findings);
  }

  async #innerArchives({ tree }: OpenedTree, depth: number): Promise<void> {
    const sets = new Map<string, { paths: string[]; parts: OpenedTree[] }>();
    for (const path of tree.unclaimed()) {
      this.#options.signal?.throwIfAborted();
      const inner = await this.#innerTree(tree, path);
      if (inner === undefined) continue;
      tree.claim([path]);
      const { paths, parts } = sets.get(setOf(path)) ?? { paths: [], parts: [] };
      sets.set(setOf(path), { paths: [...paths, path], parts: [...parts, inner] });
    }
    for (const { paths, parts } of sets.values()) {
      this.#findings.push(...missingParts(paths));
      await this.tree(joinTrees(parts), depth + 1);
    }
  }

  async #innerTree(tree: FileTree, path: string): Promise<OpenedTree | undefined> {
    const place = tree.place(path);
    try {
      const file = tree.files.get(path);
      const archive = file && (await openInner(file, this.#options));
      if (archive === undefined) return undefined;
      this.#open.push(archive);
      const { signal } = this.#options;
      return await openTree(archive, { prefix: `${place} → `, signal });
    } catch (error) {
      if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
      this.#findings.push(findingOf(error, place));
      return undefined;
    }
  }

  result(carrier: string): OpenForeign | undefined {
    if (!this.#isKnown) return undefined;
    return {
      form: `${formsOf(this.#contents).join(", ") || "something unreadable"} in ${carrier}`,
      blobs: this.#blobs,
      roots: this.#contents.flatMap(({ roots }) => roots),
      charts: this.#charts,
      identity: this.#contents.find(({ identity }) => identity !== undefined)?.identity,
      stripped: this.#stripped,
      findings: [...this.#findings, ...leftOut(this.#leftOver)],
      close: () => this.close(),
    };
  }
}

function formsOf(contents: readonly ForeignContent[]): string[] {
  const counts = new Map<string, number>();
  for (const { form } of contents) counts.set(form, (counts.get(form) ?? 0) + 1);
  return [...counts].map(([form, count]) => (count === 1 ? form : `${count} × ${form}`));
}

function leftOut(paths: readonly string[]): Finding[] {
  const [first] = paths;
  if (first === undefined) return [];
  const more = paths.length === 1 ? "" : ` and ${paths.length - 1} more files`;
  const verb = paths.length === 1 ? "is" : "are";
  const message = `${first}${more} ${verb} no image and no chart, and ${verb} left out`;
  return [{ code: "FILE_LEFT_OUT", severity: "info", entry: first, message }];
}
