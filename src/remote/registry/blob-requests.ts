import type {
  Bytes,
  Content,
  ContentOptions,
  FetchOptions,
  SendOptions,
  PushResult,
} from "../../content/content.ts";
import { RegistryError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { REDIRECTS } from "../http/redirects.ts";
import type { TransportResponse } from "../http/transport.ts";
import { fetchBlob } from "./blob-fetch.ts";
import type { RegistryClient } from "./client.ts";
import { storedSize } from "./stored-size.ts";
import type { Scopes } from "./token-purse.ts";
import { uploadBlob } from "./upload-blob.ts";
import type { BlobUpload } from "./upload-session.ts";

/** A redirect to where the blob is kept is an answer by itself. */
const HEAD_ANSWERS = [200, ...REDIRECTS, 404, 405];

/** Requests for the blobs of one repository. */
export class BlobRequests {
  readonly #client: RegistryClient;
  readonly #repository: string;
  readonly #scopes: Scopes;
  /** Blobs that are there with another size, which is this one. */
  readonly #damaged = new Map<Digest, number>();

  constructor(client: RegistryClient, repository: string, scopes: Scopes) {
    this.#client = client;
    this.#repository = repository;
    this.#scopes = scopes;
  }

  fetch(descriptor: Descriptor, { offset = 0, signal, reuse = false }: FetchOptions): Bytes {
    const { patience } = this.#client;
    const get = (headers: Record<string, string>): Promise<TransportResponse> =>
      this.#client.request({
        method: "GET",
        path: this.#pathOf(descriptor.digest),
        action: `pull blob ${descriptor.digest}`,
        scopes: this.#scopes,
        headers,
        accept: [200, 206],
        signal,
      });
    return fetchBlob(descriptor, { offset, signal, reuse, patience, get });
  }

  /** Bytes that are there, as far as can be told without reading them; undefined for no blob. */
  sizeOf(descriptor: Descriptor, { signal }: ContentOptions = {}): Promise<number | undefined> {
    const client = this.#client;
    client.uncheckedSizes.delete(this.#placeOf(descriptor.digest));
    const request = {
      path: this.#pathOf(descriptor.digest),
      action: `look for ${descriptor.digest}`,
      scopes: this.#scopes,
      signal,
    };
    return storedSize(descriptor, {
      head: () =>
        client.request({ ...request, method: "HEAD", accept: HEAD_ANSWERS, stayHome: true }),
      bytesFrom: (first, { retry }) =>
        client.request({
          ...request,
          method: "GET",
          headers: { range: `bytes=${first}-` },
          accept: [200, 206, 404, 405, 416],
          retry,
        }),
      isClosed: (storage) => client.closedStorages.has(storage),
      unchecked: () => void client.uncheckedSizes.add(this.#placeOf(descriptor.digest)),
      close: (storage) => {
        if (client.closedStorages.has(storage)) return;
        client.closedStorages.add(storage);
        client.warn(
          `${client.name} keeps blobs at ${storage}, which does not answer from here: that they are there is believed, their size not checked`,
        );
      },
    });
  }

  /** True if it is there with its size; what has another one is replaced when it is pushed. */
  async exists(descriptor: Descriptor, options: ContentOptions = {}): Promise<boolean> {
    const { digest, size } = descriptor;
    const stored = await this.sizeOf(descriptor, options);
    if (stored === undefined) return false;
    if (stored === size) this.#client.blobPlaces.note(digest, this.#repository);
    else this.#damaged.set(digest, stored);
    return stored === size;
  }

  /** @throws RegistryError `DRAY_TARGET_DAMAGED` for what is there in part and stays so */
  async push(
    expected: Descriptor,
    content: Content,
    { signal, afresh = false }: SendOptions,
  ): Promise<PushResult> {
    const { digest } = expected;
    const { blobPlaces } = this.#client;
    const stored = this.#damaged.get(digest);
    // What is damaged here, or not there, may be no better in another repository of this registry.
    const isMountable = stored === undefined && !afresh;
    const mountFrom = isMountable ? await blobPlaces.find(digest, this.#repository) : undefined;
    const upload = { expected, content, mountFrom, signal };
    const sending = stored === undefined ? this.#upload(upload) : this.#replace(upload, stored);
    blobPlaces.track(digest, this.#repository, sending);
    return sending;
  }

  #upload(upload: BlobUpload): Promise<PushResult> {
    const isPresent = (): Promise<boolean> => this.exists(upload.expected, upload);
    const [client, repository, scopes] = [this.#client, this.#repository, this.#scopes];
    return uploadBlob({ client, repository, scopes, isPresent }, upload);
  }

  async #replace(upload: BlobUpload, stored: number): Promise<PushResult> {
    const { digest, size } = upload.expected;
    const place = `${this.#repository}@${digest} at ${this.#client.name}`;
    this.#client.warn(`${place} has ${stored} bytes, expected ${size}: it is sent again`);
    const result = await this.#upload(upload);
    const now = (await this.sizeOf(upload.expected, upload)) ?? 0;
    if (now === size) return result;
    throw new RegistryError(
      "DRAY_TARGET_DAMAGED",
      `Cannot replace ${place}: expected ${size} bytes, found ${now} after it was sent again`,
      {
        status: 200,
        kind: "refused",
        hint: "The registry keeps its damaged copy: have the blob removed there, then push again.",
      },
    );
  }

  #placeOf(digest: Digest): string {
    return `${this.#repository}@${digest}`;
  }

  #pathOf(digest: Digest): string {
    return `${this.#repository}/blobs/${digest}`;
  }
}
