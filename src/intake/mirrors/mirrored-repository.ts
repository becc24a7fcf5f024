import type { Limit } from "../../content/concurrency.ts";
import type { Bytes, ContentOptions, FetchOptions, Source } from "../../content/content.ts";
import { readVerified } from "../../content/verify.ts";
import { DrayError, RegistryError } from "../../errors.ts";
import type { Listener } from "../../events.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isManifestType } from "../../oci/media-type.ts";
import { formatReference, type Reference } from "../../oci/reference.ts";
import type { Repository } from "../../remote/registry/repository.ts";
import { listTags } from "../../remote/registry/tags.ts";
import type { Place } from "./places.ts";

/** A place, the repository that is there, and how patiently it is asked. */
export interface OpenedPlace extends Place {
  /** Waits as long as it may if there is nothing behind it, else hardly at all. */
  readonly repository: Repository;
}

/** What places of one run have in common. */
export interface MirrorOptions {
  /** Registries that failed: what has something behind it is not asked there again. */
  readonly failed: Set<string>;
  readonly onEvent: Listener;
}

/** What something is, and where that was learned. */
export interface Found {
  readonly descriptor: Descriptor;
  readonly place: OpenedPlace;
}

/** One thing under its own name, wherever it comes from: what cannot be had in one place is had in the next. */
export class MirroredRepository implements Source {
  readonly #wanted: Reference;
  readonly #places: readonly OpenedPlace[];
  readonly #options: MirrorOptions;
  /** By blobs that were given whole: the place after the one that gave it. */
  readonly #given = new Map<Digest, number>();
  /** The place that was good for the last question. */
  #current: number;

  /** There is at least one place. */
  constructor(wanted: Reference, places: readonly OpenedPlace[], options: MirrorOptions) {
    this.#wanted = wanted;
    this.#places = places;
    this.#options = options;
    this.#current = this.#next(0);
  }

  get name(): string {
    return this.#place(this.#current).repository.name;
  }

  /** Of what may move at the same time from where it is. */
  get limit(): Limit {
    return this.#place(this.#current).repository.client.limit;
  }

  /** What the reference stands for now, in the first place that knows it. @throws RegistryError */
  async resolve(options: ContentOptions = {}): Promise<Found> {
    return this.#ask(async (place) => {
      const { repository } = place;
      const descriptor = await repository.client.limit(() =>
        repository.resolve(nameAt(place), options),
      );
      return { descriptor, place };
    });
  }

  /** Whether there is anything under the reference; undefined if nobody says so. */
  has(options: ContentOptions = {}): Promise<boolean | undefined> {
    return this.#ask(async (place, isLast) => {
      const { repository } = place;
      const found = await repository.client.limit(() => repository.has(nameAt(place), options));
      if (found === true || isLast) return found;
      throw notThere(place);
    });
  }

  tags(signal: AbortSignal | undefined): Promise<string[]> {
    return this.#ask(({ repository }) =>
      repository.client.limit(() => listTags(repository, signal)),
    );
  }

  /** Goes on elsewhere where one place breaks off, or has given what is damaged. */
  async *fetch(descriptor: Descriptor, options: FetchOptions = {}): Bytes {
    let { offset = 0 } = options;
    for (let at = this.#firstFor(descriptor, offset); ; at = this.#next(at + 1)) {
      try {
        for await (const chunk of contentAt(this.#place(at), descriptor, { ...options, offset })) {
          offset += chunk.length;
          yield chunk;
        }
        this.#given.set(descriptor.digest, at + 1);
        return;
      } catch (error) {
        options.signal?.throwIfAborted();
        if (at >= this.#places.length - 1 || !(error instanceof DrayError)) throw error;
        this.#fallThrough(at, error);
      }
    }
  }

  /** Nobody asks for a whole blob twice who got the right one. */
  #firstFor({ digest }: Descriptor, offset: number): number {
    const given = offset === 0 ? this.#given.get(digest) : undefined;
    const at = this.#next(given ?? this.#current);
    if (given !== undefined && at >= given) {
      const message = `What ${this.name} gave for ${digest} was damaged; going on at ${this.#place(at).repository.name}`;
      this.#options.onEvent({ type: "warning", message });
    }
    return at;
  }

  async #ask<T>(question: (place: OpenedPlace, isLast: boolean) => Promise<T>): Promise<T> {
    const last = this.#places.length - 1;
    for (let at = this.#next(0); ; at = this.#next(at + 1)) {
      try {
        const answer = await question(this.#place(at), at === last);
        this.#current = at;
        return answer;
      } catch (error) {
        if (!(error instanceof DrayError)) throw error;
        if (at === last) throw this.#nowhere(error);
        this.#fallThrough(at, error);
      }
    }
  }

  /** The next place that is worth asking, from `at` on. */
  #next(at: number): number {
    const last = this.#places.length - 1;
    const { failed } = this.#options;
    let next = Math.min(at, last);
    while (next < last && failed.has(this.#place(next).repository.client.registry)) next++;
    return next;
  }

  #place(at: number): OpenedPlace {
    const place = this.#places[at];
    if (place === undefined) throw new Error("a repository has at least one place");
    return place;
  }

  #fallThrough(at: number, error: DrayError): void {
    const { failed, onEvent } = this.#options;
    const place = this.#place(at);
    const { registry } = place.reference;
    const isDown = error instanceof RegistryError && isOutOfOrder(error.status);
    if (isDown && failed.has(registry)) return;
    if (isDown) failed.add(registry);
    const next = formatReference(this.#place(this.#next(at + 1)).reference);
    const rest = isDown ? `; ${registry} is not asked again` : "";
    onEvent({ type: "warning", message: `${error.message}; going on at ${next}${rest}` });
  }

  /** What the last place says, and that it was not the only one. */
  #nowhere(error: DrayError): DrayError {
    if (this.#places.length === 1) return error;
    const others = this.#places.slice(0, -1).map(({ reference }) => formatReference(reference));
    const message = `${error.message} (${formatReference(this.#wanted)} was not to be had from ${others.join(", ")} either)`;
    const { code, kind, hint } = error;
    if (!(error instanceof RegistryError)) {
      return new DrayError(code, message, { kind, hint, cause: error });
    }
    const { status, registryCode } = error;
    return new RegistryError(code, message, { kind, hint, status, registryCode, cause: error });
  }
}

/** A manifest is checked before anything is made of it, a blob by whoever stores it. */
async function* contentAt(
  { repository }: OpenedPlace,
  descriptor: Descriptor,
  options: FetchOptions,
): Bytes {
  if (!isManifestType(descriptor.mediaType)) yield* repository.fetch(descriptor, options);
  else yield (await readVerified(repository, descriptor, options)).subarray(options.offset ?? 0);
}

/** What a place calls the thing itself. */
export function nameAt({ reference }: Place): string {
  return reference.digest ?? reference.tag ?? "latest";
}

/** Nobody answers there, or nobody who can do anything at the moment. */
function isOutOfOrder(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}

function notThere({ reference, repository }: OpenedPlace): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_NOT_FOUND",
    `Cannot find ${formatReference(reference)} at ${repository.name}`,
    { status: 404 },
  );
}
