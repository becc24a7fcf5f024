import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ServedRepository } from "./served-repository.ts";
import { splitHost } from "./root-name.ts";

interface NamingOptions {
  /**
   * Serve `docker.io/library/alpine` as `library/alpine` too, as long as no other host has the same
   * path. Only where nobody pushes: two names for one repository would let a push to the one change
   * the other.
   * @default false
   */
  readonly shortNames?: boolean;
}

/** Every repository, and the names that lead to it. */
export class ServedRepositories {
  readonly #byName = new Map<string, ServedRepository>();
  /** Path without host → the repositories that have it. */
  readonly #byPath = new Map<string, ServedRepository[]>();
  readonly #options: NamingOptions;
  /** Holds roots that no request can name: not served, never forgotten. */
  readonly unnamed = new ServedRepository("");

  constructor(options: NamingOptions = {}) {
    this.#options = options;
  }

  /** `host` is where a client that uses this registry as a mirror thinks it pulls from. */
  find(name: string, host?: string): ServedRepository | undefined {
    if (host === undefined) return this.#byName.get(name) ?? this.#onlyOne(name);
    return this.#byName.get(`${host}/${name}`) ?? this.#byName.get(name);
  }

  /** The repository of exactly this name, made where it is missing. */
  take(name: string): ServedRepository {
    return this.#byName.get(name) ?? this.#add(name);
  }

  /** A repository without content does not exist. */
  dropIfEmpty(repository: ServedRepository): void {
    if (!repository.isEmpty || !this.#byName.delete(repository.name)) return;
    const { path } = splitHost(repository.name);
    const rest = (this.#byPath.get(path) ?? []).filter((other) => other !== repository);
    this.#byPath.set(path, rest);
  }

  /** Every name that is served, in the order of bytes. */
  names(): readonly string[] {
    const short = [...this.#byPath.keys()].filter((path) => this.#onlyOne(path) !== undefined);
    return [...this.#byName.keys(), ...short].toSorted();
  }

  /** Paths that more than one host has, with the names that are left to ask for. */
  conflicts(): readonly { readonly path: string; readonly names: readonly string[] }[] {
    return [...this.#byPath]
      .filter(([, found]) => found.length > 1)
      .map(([path, found]) => ({ path, names: found.map((repository) => repository.name) }));
  }

  /** Any repository that has the blob, for a mount that names none. */
  withBlob(digest: Digest): ServedRepository | undefined {
    for (const repository of this.#byName.values()) {
      if (repository.blobSize(digest) !== undefined) return repository;
    }
    return undefined;
  }

  /** True while anything needs this content. */
  holds(digest: Digest): boolean {
    if (this.unnamed.holds(digest)) return true;
    for (const repository of this.#byName.values()) {
      if (repository.holds(digest)) return true;
    }
    return false;
  }

  /** The entries of `index.json`. */
  roots(): readonly Descriptor[] {
    return [...this.#byName.values(), this.unnamed].flatMap((repository) => repository.roots());
  }

  #onlyOne(path: string): ServedRepository | undefined {
    const found = this.#byPath.get(path) ?? [];
    return found.length === 1 && !this.#byName.has(path) ? found[0] : undefined;
  }

  #add(name: string): ServedRepository {
    const repository = new ServedRepository(name);
    this.#byName.set(name, repository);
    const { host, path } = splitHost(name);
    if (host !== undefined && this.#options.shortNames === true) {
      this.#byPath.set(path, [...(this.#byPath.get(path) ?? []), repository]);
    }
    return repository;
  }
}
