import {
  collect,
  type Bytes,
  type Content,
  type ContentOptions,
  type FetchOptions,
  type PushResult,
  type Source,
  type Target,
} from "../../content/content.ts";
import { readVerified, verified } from "../../content/verify.ts";
import { DrayError, RegistryError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, digestOf, parseDigest, type Digest } from "../../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../../oci/json.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { isManifestType, isSchema1Type, MANIFEST_TYPES, MediaType } from "../../oci/media-type.ts";
import { fetchBlob } from "./blob-fetch.ts";
import type { RegistryClient, RegistryRequest } from "./client.ts";
import { describe, digestIn, manifestTypeIn } from "./manifest-head.ts";
import type { TransportResponse } from "../http/transport.ts";
import { uploadBlob } from "./upload.ts";
import { once } from "../../content/memory.ts";

/** A registry may verify and store a whole image before it answers. */
const COMMIT_TIMEOUT = 15 * 60_000;

/**
 * One repository of a registry.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export class Repository implements Source, Target {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly name: string;
  readonly #scopes: readonly string[];

  constructor(client: RegistryClient, repository: string, access: "pull" | "pull,push" = "pull") {
    this.client = client;
    this.repository = repository;
    this.name = client.name;
    this.#scopes = [`repository:${repository}:${access}`];
  }

  /**
   * What a tag or digest stands for now.
   * @throws RegistryError `DRAY_REGISTRY_NOT_FOUND`, DrayError `DRAY_MANIFEST_UNSUPPORTED`
   */
  async resolve(reference: string, { signal }: ContentOptions = {}): Promise<Descriptor> {
    const found = await this.find(reference, { signal });
    if (found !== undefined && isSchema1Type(found.mediaType)) throw this.#schema1(reference);
    if (found !== undefined) return found;
    throw new RegistryError(
      "DRAY_REGISTRY_NOT_FOUND",
      `Cannot find ${this.#written(reference)} at ${this.client.name}: there is no such manifest`,
      { status: 404, hint: "Check the spelling, and whether this account may see it." },
    );
  }

  /** As `resolve`, but undefined for what is not there. */
  async find(reference: string, { signal }: ContentOptions = {}): Promise<Descriptor | undefined> {
    const head = await this.#head(reference, { signal });
    if (head.status === 404) return undefined;
    // Old registries leave headers out, and some answer no HEAD at all.
    const described = head.status === 200 ? describe(head) : undefined;
    if (described === undefined) return this.#findByReading(reference, signal);
    return reference.includes(":") ? this.#asPinned(described, parseDigest(reference)) : described;
  }

  /** Whether there is anything under a tag or digest; undefined if the registry answers no HEAD. */
  async has(reference: string, { signal }: ContentOptions = {}): Promise<boolean | undefined> {
    const { status } = await this.#head(reference, { signal, retry: false });
    return status === 405 ? undefined : status === 200;
  }

  async *fetch(descriptor: Descriptor, { offset = 0, signal }: FetchOptions = {}): Bytes {
    if (isManifestType(descriptor.mediaType)) {
      const { bytes } = await this.#readManifest(descriptor.digest, { accept: [200], signal });
      yield bytes.subarray(offset);
    } else {
      yield* fetchBlob(descriptor, {
        offset,
        signal,
        patience: this.client.patience,
        get: (headers) =>
          this.#request({
            method: "GET",
            path: this.#blobPath(descriptor.digest),
            action: `pull blob ${descriptor.digest}`,
            headers,
            accept: [200, 206],
            signal,
          }),
      });
    }
  }

  async exists(
    { digest, mediaType }: Descriptor,
    { signal }: ContentOptions = {},
  ): Promise<boolean> {
    const isManifest = isManifestType(mediaType);
    const response = await this.#request({
      method: "HEAD",
      path: isManifest ? this.#manifestPath(digest) : this.#blobPath(digest),
      action: `look for ${digest}`,
      headers: isManifest ? { accept: mediaType } : {},
      // Who cannot say whether it is there gets it once more.
      accept: [200, 404, 405],
      signal,
    });
    await response.discard();
    if (response.status === 200 && !isManifest)
      this.client.blobPlaces.note(digest, this.repository);
    return response.status === 200;
  }

  async push(
    expected: Descriptor,
    content: Content,
    options: ContentOptions = {},
  ): Promise<PushResult> {
    if (!isManifestType(expected.mediaType)) return this.#pushBlob(expected, content, options);
    await this.#putManifest(expected.digest, { expected, content, signal: options.signal });
    return "copied";
  }

  /** Writes a tag. The manifest's bytes are sent with it: there is no other way to tag. */
  async tag(
    tag: string,
    { expected, source, signal }: { expected: Descriptor; source: Source } & ContentOptions,
  ): Promise<void> {
    const raw = await readVerified(source, expected, { signal });
    const content: Content = { from: source.name, open: () => once(raw) };
    await this.#putManifest(tag, { expected, content, signal });
  }

  /**
   * Reads a manifest back by tag or digest and compares its bytes, not a header.
   * @throws DrayError `DRAY_MANIFEST_REWRITTEN`
   */
  async requireDigest(
    reference: string,
    { digest }: Descriptor,
    { signal }: ContentOptions = {},
  ): Promise<void> {
    const { bytes } = await this.#readManifest(reference, { accept: [200], signal });
    const found = digestOf(bytes, algorithmOf(digest));
    if (found !== digest)
      throw rewritten(`${this.#written(reference)} to ${this.name}`, digest, found);
  }

  async #pushBlob(
    expected: Descriptor,
    content: Content,
    options: ContentOptions,
  ): Promise<PushResult> {
    const { blobPlaces } = this.client;
    const mountFrom = await blobPlaces.find(expected.digest, this.repository);
    const sending = uploadBlob(
      {
        client: this.client,
        repository: this.repository,
        scopes: this.#scopes,
        isPresent: () => this.exists(expected, options),
      },
      { expected, content, mountFrom, signal: options.signal },
    );
    blobPlaces.track(expected.digest, this.repository, sending);
    return sending;
  }

  async #putManifest(
    reference: string,
    { expected, content, signal }: { expected: Descriptor; content: Content } & ContentOptions,
  ): Promise<void> {
    const raw = await collect(verified(content.open(0), expected, { from: content.from }));
    const response = await this.#request({
      method: "PUT",
      path: this.#manifestPath(reference),
      action: `push manifest ${this.#written(reference)}`,
      headers: { "content-type": expected.mediaType, "content-length": String(raw.length) },
      body: () => raw,
      accept: [200, 201, 202],
      answerTimeout: COMMIT_TIMEOUT,
      signal,
    });
    await response.discard();
    const stored = digestIn(response);
    if (stored === undefined || algorithmOf(stored) !== algorithmOf(expected.digest)) return;
    if (stored === expected.digest) return;
    const what = `${this.#written(reference)} to ${this.client.name}`;
    throw rewritten(what, expected.digest, stored);
  }

  #schema1(reference: string): DrayError {
    return new DrayError(
      "DRAY_MANIFEST_UNSUPPORTED",
      `Cannot use ${this.#written(reference)} from ${this.name}: it is a Docker schema 1 manifest, which no current runtime accepts`,
      { kind: "refused", hint: "Push the image again with a current tool, or leave it out." },
    );
  }

  /** What is asked for by digest is that digest, whatever a header says. */
  #asPinned(described: Descriptor, digest: Digest): Descriptor {
    const comparable = algorithmOf(described.digest) === algorithmOf(digest);
    if (!comparable || described.digest === digest) return { ...described, digest };
    throw new DrayError(
      "DRAY_CONTENT_MISMATCH",
      `Cannot use ${this.#written(digest)} from ${this.name}: it answers with ${described.digest}`,
      { kind: "refused" },
    );
  }

  async #head(
    reference: string,
    options: Pick<RegistryRequest, "signal" | "retry">,
  ): Promise<TransportResponse> {
    const request = { ...options, method: "HEAD", accept: [200, 404, 405] } as const;
    const head = await this.client.request(this.#manifest(reference, request));
    await head.discard();
    return head;
  }

  async #findByReading(
    reference: string,
    signal: AbortSignal | undefined,
  ): Promise<Descriptor | undefined> {
    const { response, bytes } = await this.#readManifest(reference, { accept: [200, 404], signal });
    if (response.status === 404) return undefined;
    const wanted = reference.includes(":") ? parseDigest(reference) : undefined;
    const digest = digestOf(bytes, wanted === undefined ? "sha256" : algorithmOf(wanted));
    const what = `${this.#written(reference)} from ${this.name}`;
    const mediaType =
      manifestTypeIn(response) ??
      parseManifest(bytes, { mediaType: MediaType.ociManifest, what }).mediaType;
    const found = { mediaType, digest, size: bytes.length };
    return wanted === undefined ? found : this.#asPinned(found, wanted);
  }

  #readManifest(
    reference: string,
    request: Pick<RegistryRequest, "accept" | "signal">,
  ): Promise<{ response: TransportResponse; bytes: Buffer }> {
    return this.client.read(
      this.#manifest(reference, { method: "GET", ...request }),
      MAX_MANIFEST_BYTES,
    );
  }

  #manifest(
    reference: string,
    request: Pick<RegistryRequest, "method" | "accept" | "signal" | "retry">,
  ): RegistryRequest {
    return {
      ...request,
      scopes: this.#scopes,
      path: this.#manifestPath(reference),
      action: `read manifest ${this.#written(reference)}`,
      headers: { accept: [...MANIFEST_TYPES, "*/*;q=0.1"].join(", ") },
    };
  }

  #request(request: Omit<RegistryRequest, "scopes">): Promise<TransportResponse> {
    return this.client.request({ ...request, scopes: this.#scopes });
  }

  #manifestPath(reference: string): string {
    return `${this.repository}/manifests/${reference}`;
  }

  #blobPath(digest: Digest): string {
    return `${this.repository}/blobs/${digest}`;
  }

  #written(reference: string): string {
    return `${this.repository}${reference.includes(":") ? "@" : ":"}${reference}`;
  }
}

function rewritten(what: string, wanted: Digest, found: string): DrayError {
  return new DrayError(
    "DRAY_MANIFEST_REWRITTEN",
    `Cannot push ${what} unchanged: expected digest ${wanted}, found ${found.slice(0, 200)}`,
    { hint: "This registry rewrites manifests; references by digest and signatures would break." },
  );
}
