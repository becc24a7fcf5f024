import { RegistryError } from "../../errors.ts";
import type { ContentOptions } from "../../content/content.ts";
import type { RepositoryMaker } from "./access.ts";
import { Transient, type Patience } from "../http/patience.ts";

interface MissingRepositoriesOptions {
  /** Name of the registry as the user writes it. */
  readonly registry: string;
  readonly maker: RepositoryMaker | undefined;
  readonly patience: Patience;
  readonly say: (message: string) => void;
}

/** Makes the repositories of a registry that makes none by itself, each when it is missed. */
export class MissingRepositories {
  readonly #options: MissingRepositoriesOptions;
  readonly #made = new Map<string, Promise<void>>();

  constructor(options: MissingRepositoriesOptions) {
    this.#options = options;
  }

  /** True if what is missing will be made. */
  get areMade(): boolean {
    const { maker, registry } = this.#options;
    return maker?.makesAt(registry) === true;
  }

  /** Does `work`, which writes to `repository`; makes that first if the registry says there is none. */
  async with<T>(
    repository: string,
    work: () => Promise<T>,
    { signal }: ContentOptions,
  ): Promise<T> {
    if (!this.areMade) return work();
    try {
      return await work();
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    const making = this.#made.get(repository) ?? this.#make(repository, signal);
    this.#made.set(repository, making);
    making.catch(() => this.#made.delete(repository));
    await making;
    // It is there when it was made, and the registry may not know that for some seconds.
    return this.#options.patience.persist(async () => {
      try {
        return await work();
      } catch (error) {
        throw isMissing(error) || isDenied(error) ? new Transient(error) : error;
      }
    }, signal);
  }

  async #make(repository: string, signal: AbortSignal | undefined): Promise<void> {
    const { maker, registry, say } = this.#options;
    await maker?.make(registry, repository, { signal });
    say(`Made repository ${repository} at ${registry}, which was not there`);
  }
}

function isMissing(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError) || error.status !== 404) return false;
  return error.registryCode === "NAME_UNKNOWN";
}

/** Rights to what has just been made arrive late, too. */
function isDenied(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.status === 403;
}
