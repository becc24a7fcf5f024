import type { ContentOptions } from "../../content/content.ts";
import { DrayError } from "../../errors.ts";
import type { Listener } from "../../events.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Reference } from "../../oci/reference.ts";
import type { RegistryAccess } from "../../remote/registry/access.ts";
import type { RegistryClient } from "../../remote/registry/client.ts";
import { RegistryPool } from "../../remote/registry/pool.ts";
import type { MirrorRule } from "./mirror-rule.ts";
import {
  MirroredRepository,
  nameAt,
  type Found,
  type MirrorOptions,
  type OpenedPlace,
} from "./mirrored-repository.ts";
import { placesOf, type Place } from "./places.ts";

/** The registries that content is pulled from, each asked for what the rules of mirrors say. */
export class SourceRegistries {
  readonly #access: RegistryAccess;
  readonly #rules: readonly MirrorRule[];
  readonly #options: MirrorOptions;
  /** By how their registries are spoken to. */
  readonly #pools = new Map<string, RegistryPool>();

  constructor(access: RegistryAccess, rules: readonly MirrorRule[], onEvent: Listener) {
    this.#access = access;
    this.#rules = rules;
    this.#options = { failed: new Set(), onEvent };
  }

  /** @throws DrayError `DRAY_MIRROR_BLOCKED`, `DRAY_MIRROR_INVALID` */
  repository(reference: Reference): MirroredRepository {
    return new MirroredRepository(reference, this.places(reference), this.#options);
  }

  /** Where something may come from, in the order in which they are asked. */
  places(reference: Reference): OpenedPlace[] {
    const places = placesOf(reference, this.#rules);
    return places.map((place, index) => this.#open(place, index < places.length - 1));
  }

  /** Of every registry that was asked, one. */
  clients(): RegistryClient[] {
    const all = [...this.#pools.values()].flatMap((pool) => pool.clients());
    return all.filter(
      ({ registry }, at) => all.findIndex((one) => one.registry === registry) === at,
    );
  }

  /**
   * What the origin has under a tag that a mirror has answered for, if that is something else;
   * undefined if it is the same, or nobody can or may say.
   */
  async otherAtOrigin(
    reference: Reference,
    { descriptor, place }: Found,
    options: ContentOptions,
  ): Promise<Digest | undefined> {
    if (place.isOrigin || reference.digest !== undefined) return undefined;
    const origin = placesOf(reference, this.#rules).find(({ isOrigin }) => isOrigin);
    if (origin === undefined || this.#options.failed.has(origin.reference.registry)) {
      return undefined;
    }
    const { repository } = this.#open(origin, true);
    try {
      const found = await repository.client.limit(() => repository.find(nameAt(origin), options));
      return found === undefined || found.digest === descriptor.digest ? undefined : found.digest;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof DrayError)) throw error;
      this.#uncompared(origin, error);
      return undefined;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
  }

  #open(place: Place, hasMore: boolean): OpenedPlace {
    const pool = this.#poolFor(place.isInsecure, hasMore);
    return { ...place, repository: pool.repository(place.reference) };
  }

  /** Whoever has somewhere else to go waits for nobody. */
  #poolFor(isInsecure: boolean, isBrief: boolean): RegistryPool {
    const key = `${isInsecure} ${isBrief}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const access = {
      ...this.#access,
      ...(isInsecure ? { insecureSkipTlsVerify: true, maybePlainHttp: true } : {}),
      ...(isBrief ? { retryFor: 0 } : {}),
    };
    const pool = new RegistryPool(access, { side: "source", onEvent: this.#options.onEvent });
    this.#pools.set(key, pool);
    return pool;
  }

  /** Said once for a registry: whoever has a mirror may have it because that cannot be reached. */
  #uncompared({ reference: { registry } }: Place, error: DrayError): void {
    const { failed, onEvent } = this.#options;
    if (failed.has(registry)) return;
    failed.add(registry);
    const message = `${error.message}; whether its tags stand for what the mirrors have is not known (\`only: true\` for a mirror asks no further)`;
    onEvent({ type: "warning", message });
  }
}
