import type { Reference } from "../../oci/reference.ts";
import type { ClientOptions, RegistryAccess } from "./access.ts";
import { RegistryClient } from "./client.ts";
import { Repository } from "./repository.ts";

/** One client for each registry that a command speaks to. */
export class RegistryPool {
  readonly #access: RegistryAccess;
  readonly #options: ClientOptions;
  readonly #clients = new Map<string, RegistryClient>();

  constructor(access: RegistryAccess, options: ClientOptions) {
    this.#access = access;
    this.#options = options;
  }

  client(registry: string): RegistryClient {
    const known = this.#clients.get(registry);
    if (known !== undefined) return known;
    const client = new RegistryClient(registry, this.#access, this.#options);
    this.#clients.set(registry, client);
    return client;
  }

  /** Of every registry that was asked for. */
  clients(): readonly RegistryClient[] {
    return [...this.#clients.values()];
  }

  repository(
    { registry, repository }: Pick<Reference, "registry" | "repository">,
    access: "pull" | "pull,push" = "pull",
  ): Repository {
    return new Repository(this.client(registry), repository, access);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }
}
