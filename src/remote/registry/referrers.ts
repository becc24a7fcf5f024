import { append } from "../../content/append.ts";
import type { ContentOptions } from "../../content/content.ts";
import { readVerified } from "../../content/verify.ts";
import { DrayError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../../oci/json.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { isIndexType, MediaType } from "../../oci/media-type.ts";
import { referrersTag } from "../../oci/referrer.ts";
import type { Repository } from "./repository.ts";
import { nextQuery } from "./paged-list.ts";

/** Signatures and the like of one manifest: what is signed every night has some hundreds in a year. */
const MAX_REFERRERS = 2000;

/** Registries give fifty or a hundred at a time. */
const MAX_PAGES = 100;

/**
 * What registries answer that have no such API: most of them 404, as the specification says. Whom a login
 * is refused hears of that with the list that is read then.
 */
const NO_API: ReadonlySet<number> = new Set([400, 401, 404, 405, 406, 415, 501]);

/**
 * What refers to manifests of one repository. The first question finds out whether the registry has an
 * API for it; where it has none, the list that clients keep under a tag is read instead.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export class RepositoryReferrers {
  readonly #repository: Repository;
  /** Settles when it is known whether there is an API. */
  #first: Promise<readonly Descriptor[] | undefined> | undefined;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** @throws RegistryError, DrayError `DRAY_REGISTRY_ANSWER_TOO_LARGE`, `DRAY_MANIFEST_INVALID` */
  list(subject: Digest, options: ContentOptions = {}): Promise<readonly Descriptor[]> {
    return this.#repository.client.secrets.keptFrom(this.#list(subject, options));
  }

  async #list(subject: Digest, options: ContentOptions): Promise<readonly Descriptor[]> {
    const found = await this.#ask(subject, options);
    return found ?? (await this.#listed(subject, options));
  }

  #ask(subject: Digest, options: ContentOptions): Promise<readonly Descriptor[] | undefined> {
    if (this.#first === undefined) {
      this.#first = this.#answer(subject, options);
      return this.#first;
    }
    return this.#first.then((first) =>
      first === undefined ? undefined : this.#answer(subject, options),
    );
  }

  /** Undefined from a registry that has no API for it. */
  async #answer(
    subject: Digest,
    { signal }: ContentOptions,
  ): Promise<readonly Descriptor[] | undefined> {
    const { client, repository } = this.#repository;
    const found: Descriptor[] = [];
    const seen = new Set<string>();
    for (let query: string | undefined = ""; query !== undefined && !seen.has(query);) {
      seen.add(query);
      const { response, bytes } = await client.read(
        {
          method: "GET",
          path: `${repository}/referrers/${subject}${query}`,
          headers: { accept: MediaType.ociIndex },
          action: `list what refers to ${subject} in ${repository}`,
          scopes: [`repository:${repository}:pull`],
          accept: [200, ...NO_API],
          signal,
        },
        MAX_MANIFEST_BYTES,
      );
      const type = response.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
      // A proxy that knows no such address answers with a page of its own.
      if (response.status !== 200 || !isIndexType(type)) return undefined;
      append(found, this.#read(bytes, subject));
      if (found.length > MAX_REFERRERS || seen.size > MAX_PAGES) throw this.#tooMany(subject);
      query = nextQuery(response.header("link"), response.url);
    }
    return found;
  }

  /** What clients have listed under a tag; most manifests have no such list. */
  async #listed(subject: Digest, options: ContentOptions): Promise<readonly Descriptor[]> {
    const list = await this.#repository.find(referrersTag(subject), options);
    // Who takes the tag for a digest answers with the subject itself, which may be an index too.
    if (list === undefined || list.digest === subject || !isIndexType(list.mediaType)) return [];
    return this.#read(await readVerified(this.#repository, list, options), subject);
  }

  #read(bytes: Buffer, subject: Digest): readonly Descriptor[] {
    const what = `the list of what refers to ${subject} at ${this.#repository.name}`;
    const list = parseManifest(bytes, { mediaType: MediaType.ociIndex, what });
    if (list.kind === "manifest") return [];
    if (list.manifests.length > MAX_REFERRERS) throw this.#tooMany(subject);
    return list.manifests;
  }

  #tooMany(subject: Digest): DrayError {
    return new DrayError(
      "DRAY_REGISTRY_ANSWER_TOO_LARGE",
      `Cannot list what refers to ${subject} at ${this.#repository.name}: expected at most ${MAX_REFERRERS} referrers, found more`,
      { kind: "refused", hint: "`referrers: none` in bundle.yaml packs without them." },
    );
  }
}
