import {
  collect,
  type Content,
  type ContentOptions,
  type SendOptions,
} from "../../content/content.ts";
import { verified } from "../../content/verify.ts";
import { DrayError, RegistryError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, digestOf, type Digest, type DigestAlgorithm } from "../../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../../oci/json.ts";
import { MANIFEST_TYPES } from "../../oci/media-type.ts";
import { requireNoPageIn } from "../http/page.ts";
import type { TransportResponse } from "../http/transport.ts";
import type { RegistryClient, RegistryRequest } from "./client.ts";
import { digestIn, otherType } from "./manifest-headers.ts";
import { notShown } from "./not-shown.ts";
import { putManifest } from "./put-manifest.ts";
import type { Scopes } from "./token-purse.ts";

/** A registry may verify and store a whole image before it answers. */
const COMMIT_TIMEOUT = 15 * 60_000;

/** Every type that is understood; whatever else there is, an index of unknown type too, comes last. */
const ACCEPT = [...MANIFEST_TYPES, "*/*;q=0.1"].join(", ");

export interface ManifestAnswer {
  readonly response: TransportResponse;
  readonly bytes: Buffer;
}

interface HeadOptions extends ContentOptions {
  readonly retry?: boolean;
  /** Media types to choose from. @default all that are understood */
  readonly accept?: string;
}

/** Requests for the manifests of one repository, each by its tag or digest. */
export class ManifestRequests {
  readonly client: RegistryClient;
  readonly #repository: string;
  readonly #scopes: Scopes;

  constructor(client: RegistryClient, repository: string, scopes: Scopes) {
    this.client = client;
    this.#repository = repository;
    this.#scopes = scopes;
  }

  /** The head of the answer: 200, 404, or 405 from a registry that answers no HEAD. */
  async head(
    reference: string,
    { signal, retry, accept = ACCEPT }: HeadOptions = {},
  ): Promise<TransportResponse> {
    const head = await this.client.request({
      ...this.#read(reference),
      method: "HEAD",
      headers: { accept },
      accept: [200, 404, 405],
      signal,
      retry,
    });
    await head.discard();
    return head;
  }

  /** The manifest whole. @throws RegistryError for a status that is not in `accept` */
  read(
    reference: string,
    { accept = [200], signal }: ContentOptions & { readonly accept?: readonly number[] } = {},
  ): Promise<ManifestAnswer> {
    const request = { method: "GET", accept, signal } as const;
    return this.client.read({ ...this.#read(reference), ...request }, MAX_MANIFEST_BYTES);
  }

  /** @throws DrayError `DRAY_MANIFEST_REWRITTEN` if the registry says that it stored another one */
  async put(
    reference: string,
    { expected, content, ...options }: { expected: Descriptor; content: Content } & SendOptions,
  ): Promise<void> {
    const raw = await collect(verified(content.open(0), expected, { from: content.from }));
    const action = `push manifest ${this.named(reference)}`;
    const send = (): Promise<TransportResponse> =>
      this.client.request({
        method: "PUT",
        path: this.pathOf(reference),
        action,
        scopes: this.#scopes,
        headers: { "content-type": expected.mediaType, "content-length": String(raw.length) },
        body: () => raw,
        accept: [200, 201, 202],
        answerTimeout: COMMIT_TIMEOUT,
        signal: options.signal,
      });
    const { patience, name: registry } = this.client;
    const algorithm = algorithmOf(expected.digest);
    const found = (): Promise<Digest | undefined> =>
      this.digestOf(reference, { algorithm, signal: options.signal });
    const isThere = async (): Promise<boolean> => (await found()) === expected.digest;
    const response = await putManifest(send, { ...options, patience, registry, isThere });
    if (response === undefined) return;
    // Whoever answers with a page has taken nothing, and would be read back for long.
    await requireNoPageIn(response, { action, registry });
    const stored = digestIn(response);
    if (stored === undefined || algorithmOf(stored) !== algorithm) return;
    if (stored !== expected.digest) throw this.#rewritten(reference, expected.digest, stored);
  }

  /**
   * Reads a manifest back and compares its bytes, not a header. What was written a moment ago may not be
   * there yet, and a tag still stand for something else. Warns of another type than it was sent as.
   * @throws DrayError `DRAY_MANIFEST_REWRITTEN`
   */
  async requireDigest(
    reference: string,
    { digest, mediaType }: Descriptor,
    { signal }: ContentOptions = {},
  ): Promise<void> {
    const isTag = !reference.includes(":");
    const attempt = async (): Promise<void> => {
      const { response, bytes } = await this.read(reference, { signal });
      const found = digestOf(bytes, algorithmOf(digest));
      if (found !== digest) throw this.#rewritten(reference, digest, found);
      this.#warnOfType(response, { reference, mediaType });
    };
    const isLate = (error: unknown): error is DrayError =>
      (error instanceof RegistryError && error.status === 404) ||
      (isTag && error instanceof DrayError && error.code === "DRAY_MANIFEST_REWRITTEN");
    try {
      await this.client.patience.settle(attempt, isLate, signal);
    } catch (error) {
      if (!isLate(error)) throw error;
      const isStale =
        isTag &&
        (await this.digestOf(digest, { algorithm: algorithmOf(digest), signal })) === digest;
      throw notShown(error, { isStale });
    }
  }

  /** The digest of the bytes that a tag or digest stands for; undefined for no such thing. */
  async digestOf(
    reference: string,
    { algorithm, signal }: ContentOptions & { readonly algorithm: DigestAlgorithm },
  ): Promise<Digest | undefined> {
    const { response, bytes } = await this.read(reference, { accept: [200, 404], signal });
    return response.status === 404 ? undefined : digestOf(bytes, algorithm);
  }

  /** True if a manifest is there whole: where the head of an answer does not say its size, it is read. Warns of another type. */
  async holds({ digest, size, mediaType }: Descriptor, options: ContentOptions): Promise<boolean> {
    const head = await this.head(digest, { ...options, accept: mediaType });
    if (head.status === 404) return false;
    if (head.status === 200) this.#warnOfType(head, { reference: digest, mediaType });
    if (head.status === 200 && head.header("content-length") === String(size)) return true;
    const { response, bytes } = await this.read(digest, { ...options, accept: [200, 404] });
    return response.status === 200 && digestOf(bytes, algorithmOf(digest)) === digest;
  }

  pathOf(reference: string): string {
    return `${this.#repository}/manifests/${reference}`;
  }

  /** For messages: `team/app:1.0`, `team/app@sha256:…`. */
  named(reference: string): string {
    return `${this.#repository}${reference.includes(":") ? "@" : ":"}${reference}`;
  }

  #read(reference: string): Pick<RegistryRequest, "path" | "action" | "scopes" | "headers"> {
    return {
      path: this.pathOf(reference),
      action: `read manifest ${this.named(reference)}`,
      scopes: this.#scopes,
      headers: { accept: ACCEPT },
    };
  }

  #warnOfType(
    response: TransportResponse,
    { reference, mediaType }: { reference: string; mediaType: string },
  ): void {
    const other = otherType(response, mediaType);
    if (other === undefined) return;
    const what = `${this.client.name} gives ${this.named(reference)} out as`;
    this.client.warn(`${what} ${other}`, "manifest type");
  }

  #rewritten(reference: string, wanted: Digest, found: string): DrayError {
    const what = `${this.named(reference)} to ${this.client.name}`;
    return new DrayError(
      "DRAY_MANIFEST_REWRITTEN",
      `Cannot push ${what} unchanged: expected digest ${wanted}, found ${found.slice(0, 200)}`,
      {
        hint: "This registry rewrites manifests; references by digest and signatures would break.",
      },
    );
  }
}
