import type {
  Bytes,
  Content,
  ContentOptions,
  FetchOptions,
  Resend,
  SendOptions,
  PushResult,
  Source,
  Target,
} from "../../content/content.ts";
import { contentOf } from "../../content/memory.ts";
import { readVerified } from "../../content/verify.ts";
import { DrayError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, digestOf, type Digest } from "../../oci/digest.ts";
import { parseManifest, successorsOf } from "../../oci/manifest.ts";
import { isManifestType } from "../../oci/media-type.ts";
import { BlobRequests } from "./blob-requests.ts";
import type { RegistryClient } from "./client.ts";
import { findManifest, resolveManifest } from "./find-manifest.ts";
import { ManifestRequests } from "./manifest-requests.ts";

/**
 * One repository of a registry.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export class Repository implements Source, Target {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly name: string;
  readonly #blobs: BlobRequests;
  readonly #manifests: ManifestRequests;

  constructor(client: RegistryClient, repository: string, access: "pull" | "pull,push" = "pull") {
    this.client = client;
    this.repository = repository;
    this.name = client.name;
    const scopes = [`repository:${repository}:${access}`];
    this.#blobs = new BlobRequests(client, repository, scopes);
    this.#manifests = new ManifestRequests(client, repository, scopes);
  }

  /**
   * What a tag or digest stands for now.
   * @throws RegistryError `DRAY_REGISTRY_NOT_FOUND`, DrayError `DRAY_MANIFEST_UNSUPPORTED`
   */
  resolve(reference: string, options: ContentOptions = {}): Promise<Descriptor> {
    return this.client.secrets.keptFrom(resolveManifest(this.#manifests, reference, options));
  }

  /** As `resolve`, but undefined for what is not there; by a digest that can be compared with `like`, if it is given. */
  find(
    reference: string,
    { like, ...options }: ContentOptions & { readonly like?: Digest | undefined } = {},
  ): Promise<Descriptor | undefined> {
    return this.client.secrets.keptFrom(this.#find(reference, { like, ...options }));
  }

  async #find(
    reference: string,
    { like, signal }: ContentOptions & { readonly like: Digest | undefined },
  ): Promise<Descriptor | undefined> {
    const found = await findManifest(this.#manifests, reference, { signal });
    if (found === undefined || like === undefined) return found;
    const algorithm = algorithmOf(like);
    if (algorithmOf(found.digest) === algorithm) return found;
    const digest = await this.#manifests.digestOf(reference, { algorithm, signal });
    return digest && { ...found, digest };
  }

  /** The digest of the bytes that a tag stands for, of which `like` is to be one; undefined for no such tag. */
  digestBehind(
    tag: string,
    { like, signal }: ContentOptions & { readonly like: Digest },
  ): Promise<Digest | undefined> {
    return this.#manifests.digestOf(tag, { algorithm: algorithmOf(like), signal });
  }

  /** Whether there is anything under a tag or digest; undefined if the registry answers no HEAD. */
  async has(reference: string, { signal }: ContentOptions = {}): Promise<boolean | undefined> {
    const { status } = await this.#manifests.head(reference, { signal, retry: false });
    return status === 405 ? undefined : status === 200;
  }

  async *fetch(descriptor: Descriptor, options: FetchOptions = {}): Bytes {
    if (!isManifestType(descriptor.mediaType)) {
      yield* this.client.secrets.keptFromReading(this.#blobs.fetch(descriptor, options));
      return;
    }
    const { bytes } = await this.#manifests.read(descriptor.digest, options);
    this.#requireSize(descriptor, bytes);
    yield bytes.subarray(options.offset ?? 0);
  }

  /** An index may name a manifest by its right digest and a wrong size: the manifest is none the worse. */
  #requireSize({ digest, size }: Descriptor, bytes: Buffer): void {
    if (bytes.length === size || digestOf(bytes, algorithmOf(digest)) !== digest) return;
    const { registry } = this.client;
    throw new DrayError(
      "DRAY_CONTENT_MISMATCH",
      `Cannot use ${digest} from ${this.name}: expected ${size} bytes, found ${bytes.length}, though the digest is right: the index that names it gives a wrong size, or the registry does in its answer to HEAD`,
      {
        kind: "refused",
        hint: `Whoever made the index has to make it anew, or whoever runs the registry mend it. The image itself is whole and can be packed by its digest: ${registry}/${this.repository}@${digest}`,
      },
    );
  }

  /** True if it is there whole, as far as can be told without reading it. */
  exists(descriptor: Descriptor, options: ContentOptions = {}): Promise<boolean> {
    const isManifest = isManifestType(descriptor.mediaType);
    return this.client.secrets.keptFrom(
      isManifest
        ? this.#manifests.holds(descriptor, options)
        : this.#blobs.exists(descriptor, options),
    );
  }

  /** Bytes that it has of a blob, as far as can be told without reading them; undefined for no blob. */
  sizeOf(blob: Descriptor, options: ContentOptions = {}): Promise<number | undefined> {
    return this.client.secrets.keptFrom(this.#blobs.sizeOf(blob, options));
  }

  async push(
    expected: Descriptor,
    content: Content,
    options: SendOptions = {},
  ): Promise<PushResult> {
    const pushing = this.client.missing.with(
      this.repository,
      () => this.#push(expected, content, options),
      { signal: options.signal },
    );
    return this.client.secrets.keptFrom(pushing);
  }

  async #push(expected: Descriptor, content: Content, options: SendOptions): Promise<PushResult> {
    if (!isManifestType(expected.mediaType)) return this.#blobs.push(expected, content, options);
    await this.#manifests.put(expected.digest, { expected, content, ...options });
    return "copied";
  }

  /** Writes a tag. The manifest's bytes are sent with it: there is no other way to tag. */
  async tag(
    tag: string,
    { expected, source, signal }: { expected: Descriptor; source: Source } & ContentOptions,
  ): Promise<void> {
    const raw = await readVerified(source, expected, { signal });
    const resend: Resend = async (named, { onlyClaimed }) => {
      if (onlyClaimed) return false;
      const manifest = parseManifest(raw, { mediaType: expected.mediaType, what: expected.digest });
      const children = successorsOf(manifest);
      const isNamed = children.some(({ digest }) => named.includes(digest));
      const missed = children.filter(({ digest }) => !isNamed || named.includes(digest));
      for (const child of missed) {
        const open = (offset: number): Bytes => source.fetch(child, { signal, offset });
        await this.push(child, { from: source.name, open }, { signal, afresh: true });
      }
      return missed.length > 0;
    };
    const content = contentOf(raw, source.name);
    await this.#manifests.put(tag, { expected, content, signal, resend });
  }

  /**
   * Reads a manifest back by tag or digest and compares its bytes, not a header.
   * @throws DrayError `DRAY_MANIFEST_REWRITTEN`
   */
  requireDigest(
    reference: string,
    expected: Descriptor,
    options: ContentOptions = {},
  ): Promise<void> {
    return this.#manifests.requireDigest(reference, expected, options);
  }
}
