import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { Annotation } from "../oci/image-layout.ts";
import type { StoredManifest } from "./stored-manifest.ts";

/**
 * One repository: which manifests and blobs are in it and what its tags mean. Content that another
 * repository has does not exist here.
 */
export class ServedRepository {
  readonly name: string;
  readonly #tags = new Map<string, Descriptor>();
  readonly #manifests = new Map<Digest, StoredManifest>();
  /** With the size that is known of each. */
  readonly #blobs = new Map<Digest, number>();
  readonly #referrers = new Map<Digest, Set<Digest>>();
  /** How many indexes of this repository name a manifest. */
  readonly #parents = new Map<Digest, number>();
  /** Roots that were found in a layout and are written back as they were. */
  #kept: Descriptor[] = [];
  #sortedTags: readonly string[] | undefined;
  #roots: readonly Descriptor[] | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get isEmpty(): boolean {
    return this.#manifests.size === 0 && this.#blobs.size === 0 && this.#kept.length === 0;
  }

  /** The root that a tag means. */
  tag(tag: string): Descriptor | undefined {
    return this.#tags.get(tag);
  }

  manifest(digest: Digest): StoredManifest | undefined {
    return this.#manifests.get(digest);
  }

  /** What a blob's manifest or upload said of its size; undefined if it is not in here. */
  blobSize(digest: Digest): number | undefined {
    return this.#blobs.get(digest);
  }

  holds(digest: Digest): boolean {
    return this.#blobs.has(digest) || this.#manifests.has(digest);
  }

  /** In the order that the specification asks for: alphanumeric, without regard to case. */
  tags(): readonly string[] {
    this.#sortedTags ??= [...this.#tags.keys()].toSorted(compareTags);
    return this.#sortedTags;
  }

  /** The manifests whose subject is `digest`, in a stable order. */
  referrersOf(digest: Digest): readonly StoredManifest[] {
    return [...(this.#referrers.get(digest) ?? [])]
      .toSorted()
      .flatMap((referrer) => this.#manifests.get(referrer) ?? []);
  }

  addBlob({ digest, size }: Pick<Descriptor, "digest" | "size">): void {
    this.#blobs.set(digest, size);
  }

  removeBlob(digest: Digest): boolean {
    return this.#blobs.delete(digest);
  }

  addManifest(manifest: StoredManifest): void {
    const { digest } = manifest.descriptor;
    if (this.#manifests.has(digest)) this.#unlink(digest);
    this.#manifests.set(digest, manifest);
    for (const child of manifest.children) this.#countParent(child, 1);
    if (manifest.subject !== undefined) {
      const referrers = this.#referrers.get(manifest.subject) ?? new Set();
      this.#referrers.set(manifest.subject, referrers.add(digest));
    }
    this.#roots = undefined;
  }

  /** Forgets a manifest and every tag that means it. */
  removeManifest(digest: Digest): boolean {
    if (!this.#manifests.has(digest)) return false;
    this.#unlink(digest);
    this.#manifests.delete(digest);
    for (const [tag, root] of this.#tags) {
      if (root.digest === digest) this.#tags.delete(tag);
    }
    this.#kept = this.#kept.filter((root) => root.digest !== digest);
    this.#changed();
    return true;
  }

  /** `root` is what stands for this tag in `index.json`. */
  setTag(tag: string, root: Descriptor): void {
    this.#tags.set(tag, root);
    this.#changed();
  }

  removeTag(tag: string): boolean {
    this.#changed();
    return this.#tags.delete(tag);
  }

  keepRoot(root: Descriptor): void {
    this.#kept.push(root);
    this.#roots = undefined;
  }

  /**
   * What `index.json` has to say so that this repository can be found again: every tag, and every
   * manifest that neither a tag nor an index leads to.
   */
  roots(): readonly Descriptor[] {
    this.#roots ??= [...this.#tags.values(), ...this.#kept, ...this.#loose()];
    return this.#roots;
  }

  #loose(): Descriptor[] {
    const led = new Set([...this.#tags.values(), ...this.#kept].map((root) => root.digest));
    return [...this.#manifests.values()]
      .map((manifest) => manifest.descriptor)
      .filter(({ digest }) => !led.has(digest) && !this.#parents.has(digest))
      .map((descriptor) => namedRoot(descriptor, `${this.name}@${descriptor.digest}`));
  }

  #unlink(digest: Digest): void {
    const manifest = this.#manifests.get(digest);
    for (const child of manifest?.children ?? []) this.#countParent(child, -1);
    if (manifest?.subject === undefined) return;
    const referrers = this.#referrers.get(manifest.subject);
    referrers?.delete(digest);
    if (referrers?.size === 0) this.#referrers.delete(manifest.subject);
  }

  #countParent(child: Digest, change: 1 | -1): void {
    const count = (this.#parents.get(child) ?? 0) + change;
    if (count > 0) this.#parents.set(child, count);
    else this.#parents.delete(child);
  }

  #changed(): void {
    this.#sortedTags = undefined;
    this.#roots = undefined;
  }
}

/** The entry of `index.json` for what has no other entry yet. */
export function namedRoot(descriptor: Descriptor, name: string): Descriptor {
  const { mediaType, digest, size, artifactType } = descriptor;
  return { mediaType, digest, size, artifactType, annotations: { [Annotation.refName]: name } };
}

/** Total: tags that differ only in case keep an order too. */
export function compareTags(a: string, b: string): number {
  return compareNames(a.toLowerCase(), b.toLowerCase()) || compareNames(a, b);
}

export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
