import { join } from "node:path";
import type { Archive, SeekableArchive } from "../archive/archive.ts";
import { openArchive } from "../archive/open-archive.ts";
import type { WorkOptions } from "../archive/work-file.ts";
import { DrayError } from "../errors.ts";
import { findingOf, hasErrors, type Finding } from "../finding.ts";
import { append } from "../content/append.ts";
import { joinTrees, missingParts, setOf } from "./archive-set.ts";
import { BlobPool } from "./blob-pool.ts";
import { requireNoBundles } from "./bundles-among.ts";
import type { FileTree } from "./file-tree.ts";
import type { ForeignChart, ForeignContent, ForeignReader } from "./foreign-content.ts";
import { openInner, spooledOrClosed } from "./inner-archive.ts";
import { openTree, type OpenedTree } from "./open-tree.ts";
import { findCharts } from "./charts.ts";
import type { Foreign } from "./join-foreign.ts";
import { leftOut, lookAtRest } from "./left-over.ts";
import { partsAmong } from "./parts.ts";
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

class Reading {
  readonly #options: WorkOptions;
  readonly #blobs: BlobPool;
  readonly #contents: ForeignContent[] = [];
  readonly #charts: ForeignChart[] = [];
  readonly #findings: Finding[] = [];
  readonly #stripped: string[] = [];
  readonly #leftOver: string[] = [];
  readonly #open: Archive[] = [];
  /** Where all lies, unless that is an archive. */
  readonly #directory: string | undefined;
  /** Some reader knows what this is, whether or not it can be read. */
  #isKnown = false;

  constructor({ kind, path, notes }: Archive, options: WorkOptions) {
    this.#options = options;
    this.#directory = kind === "directory" ? path : undefined;
    this.#blobs = new BlobPool(JSON.stringify(path));
    append(this.#findings, notes);
  }

  async close(): Promise<void> {
    for (const archive of this.#open.toReversed()) await archive.close();
  }

  async tree(opened: OpenedTree, depth: number): Promise<void> {
    const { tree, findings, linkFindings, stripped } = opened;
    append(this.#findings, findings);
    append(this.#stripped, stripped);
    await this.#parts(tree, depth);
    for (const reader of READERS) await this.#apply(reader, opened);
    append(this.#charts, await findCharts(tree));
    if (depth < MAX_ARCHIVE_DEPTH) await this.#innerArchives(opened, depth);
    for (const [path, finding] of linkFindings) {
      if (!tree.isClaimed(path)) this.#findings.push(finding);
    }
    const rest = await lookAtRest(tree, { isInner: depth > 0 });
    append(this.#leftOver, rest.places);
    append(this.#findings, rest.findings);
  }

  /** What was cut is read as one, or said to be in parts: more than what is wrong with each of them. */
  async #parts(tree: FileTree, depth: number): Promise<void> {
    const directory = depth === 0 ? this.#directory : undefined;
    const isOnDisk = directory !== undefined;
    const { parts, readable, findings } = partsAmong([...tree.unclaimed()], { isOnDisk });
    tree.claim(parts);
    append(this.#findings, findings);
    for (const part of readable) await this.#joined(join(directory ?? "", part), depth);
    if (findings.length + readable.length > 0) this.#isKnown = true;
  }

  async #joined(part: string, depth: number): Promise<void> {
    try {
      const archive = await openArchive(part, { ...this.#options, unwrap: false });
      const joined = await spooledOrClosed(archive, this.#options);
      this.#open.push(joined);
      const { signal } = this.#options;
      await this.tree(await openTree(joined, { prefix: `${joined.path} → `, signal }), depth + 1);
    } catch (error) {
      if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
      this.#findings.push(findingOf(error, part));
    }
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
    append(this.#charts, content.charts ?? []);
    append(this.#findings, content.findings);
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
    if (depth === 0) requireNoBundles(this.#blobs.name, sets.values());
    for (const { paths, parts } of sets.values()) {
      append(this.#findings, missingParts(paths));
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
    const roots = this.#contents.flatMap((content) => content.roots);
    const isEmpty = roots.length + this.#charts.length === 0 && !hasErrors(this.#findings);
    return {
      form: `${formsOf(this.#contents).join(", ") || "nothing that can be read"} in ${carrier}`,
      blobs: this.#blobs,
      roots,
      charts: this.#charts,
      identity: this.#contents.find(({ identity }) => identity !== undefined)?.identity,
      stripped: this.#stripped,
      findings: [
        ...this.#findings,
        ...(isEmpty ? [empty(this.#blobs.name)] : []),
        ...leftOut(this.#leftOver),
      ],
      close: () => this.close(),
    };
  }
}

function formsOf(contents: readonly ForeignContent[]): string[] {
  const counts = new Map<string, number>();
  for (const { form } of contents) counts.set(form, (counts.get(form) ?? 0) + 1);
  return [...counts].map(([form, count]) => (count === 1 ? form : `${count} × ${form}`));
}

/** What has nothing in it must not pass for something that is whole. */
function empty(name: string): Finding {
  return {
    code: "BUNDLE_EMPTY",
    severity: "error",
    message: `There is no image and no chart in ${name}`,
    hint: "Save it again, and look at what the tool that saves says.",
  };
}
