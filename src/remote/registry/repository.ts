import type {
  Bytes,
  Content,
  ContentOptions,
  FetchOptions,
  PushResult,
  Source,
  Target,
} from "../../content/content.ts";
import { contentOf } from "../../content/memory.ts";
import { readVerified } from "../../content/verify.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isManifestType } from "../../oci/media-type.ts";
import type { TransportResponse } from "../http/transport.ts";
import { fetchBlob } from "./blob-fetch.ts";
import type { RegistryClient } from "./client.ts";
import { findManifest, resolveManifest } from "./find-manifest.ts";
import { ManifestRequests } from "./manifest-requests.ts";
import { uploadBlob } from "./upload-blob.ts";

/**
 * One repository of a registry.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export class Repository implements Source, Target {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly name: string;
  readonly #scopes: readonly string[];
  readonly #manifests: ManifestRequests;

  constructor(client: RegistryClient, repository: string, access: "pull" | "pull,push" = "pull") {
    this.client = client;
    this.repository = repository;
    this.name = client.name;
    this.#scopes = [`repository:${repository}:${access}`];
    this.#manifests = new ManifestRequests(client, repository, this.#scopes);
  }

  /**
   * What a tag or digest stands for now.
   * @throws RegistryError `DRAY_REGISTRY_NOT_FOUND`, DrayError `DRAY_MANIFEST_UNSUPPORTED`
   */
  resolve(reference: string, options: ContentOptions = {}): Promise<Descriptor> {
    return resolveManifest(this.#manifests, reference, options);
  }

  /** As `resolve`, but undefined for what is not there. */
  find(reference: string, options: ContentOptions = {}): Promise<Descriptor | undefined> {
    return findManifest(this.#manifests, reference, options);
  }

  /** Whether there is anything under a tag or digest; undefined if the registry answers no HEAD. */
  async has(reference: string, { signal }: ContentOptions = {}): Promise<boolean | undefined> {
    const { status } = await this.#manifests.head(reference, { signal, retry: false });
    return status === 405 ? undefined : status === 200;
  }

  async *fetch(descriptor: Descriptor, { offset = 0, signal }: FetchOptions = {}): Bytes {
    if (isManifestType(descriptor.mediaType)) {
      const { bytes } = await this.#manifests.read(descriptor.digest, { signal });
      yield bytes.subarray(offset);
    } else {
      const { patience } = this.client;
      const get = (headers: Record<string, string>): Promise<TransportResponse> =>
        this.#getBlob(descriptor.digest, { headers, signal });
      yield* fetchBlob(descriptor, { offset, signal, patience, get });
    }
  }

  async exists(
    { digest, mediaType }: Descriptor,
    { signal }: ContentOptions = {},
  ): Promise<boolean> {
    const isManifest = isManifestType(mediaType);
    const response = await this.client.request({
      method: "HEAD",
      path: isManifest ? this.#manifests.pathOf(digest) : this.#blobPath(digest),
      action: `look for ${digest}`,
      scopes: this.#scopes,
      headers: isManifest ? { accept: mediaType } : {},
      // Who cannot say whether it is there gets it once more.
      accept: [200, 404, 405],
      signal,
    });
    await response.discard();
    const isThere = response.status === 200;
    if (isThere && !isManifest) this.client.blobPlaces.note(digest, this.repository);
    return isThere;
  }

  async push(
    expected: Descriptor,
    content: Content,
    { signal }: ContentOptions = {},
  ): Promise<PushResult> {
    if (!isManifestType(expected.mediaType)) return this.#pushBlob(expected, content, signal);
    await this.#manifests.put(expected.digest, { expected, content, signal });
    return "copied";
  }

  /** Writes a tag. The manifest's bytes are sent with it: there is no other way to tag. */
  async tag(
    tag: string,
    { expected, source, signal }: { expected: Descriptor; source: Source } & ContentOptions,
  ): Promise<void> {
    const raw = await readVerified(source, expected, { signal });
    await this.#manifests.put(tag, { expected, content: contentOf(raw, source.name), signal });
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

  async #pushBlob(
    expected: Descriptor,
    content: Content,
    signal: AbortSignal | undefined,
  ): Promise<PushResult> {
    const { client, repository } = this;
    const mountFrom = await client.blobPlaces.find(expected.digest, repository);
    const isPresent = (): Promise<boolean> => this.exists(expected, { signal });
    const sending = uploadBlob(
      { client, repository, scopes: this.#scopes, isPresent },
      { expected, content, mountFrom, signal },
    );
    client.blobPlaces.track(expected.digest, repository, sending);
    return sending;
  }

  #getBlob(
    digest: Digest,
    { headers, signal }: ContentOptions & { readonly headers: Record<string, string> },
  ): Promise<TransportResponse> {
    return this.client.request({
      method: "GET",
      path: this.#blobPath(digest),
      action: `pull blob ${digest}`,
      scopes: this.#scopes,
      headers,
      accept: [200, 206],
      signal,
    });
  }

  #blobPath(digest: Digest): string {
    return `${this.repository}/blobs/${digest}`;
  }
}
