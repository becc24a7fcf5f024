import type { DrayError } from "../../errors.ts";

/** What proves who somebody is to one registry. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** For the authorization server: exchanged for access tokens (docker `identitytoken`). */
  | { readonly kind: "identity"; readonly token: string }
  /** For the registry itself, as it stands (docker `registrytoken`). */
  | { readonly kind: "bearer"; readonly token: string };

/**
 * Finds the credentials for a registry and repository. `fresh` says that the last answer was refused:
 * a token that expired in a long run is replaced by whatever a file or helper says now.
 */
export type CredentialStore = (
  registry: string,
  repository?: string,
  options?: { readonly fresh?: boolean },
) => Promise<Credentials | undefined>;

/** Asks one store after another. */
export function firstOf(stores: readonly CredentialStore[]): CredentialStore {
  return async (registry, repository, options) => {
    for (const store of stores) {
      const found = await store(registry, repository, options);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/**
 * Which credentials have worked. Those that were refused before they ever did are not offered again:
 * directories lock an account after a few wrong passwords, and a hundred images are a hundred tries.
 */
export class Trial {
  readonly #proven = new Set<string>();
  readonly #refused = new Map<string, DrayError>();

  /** @throws what was given to `refuse` */
  requireHope(secret: string): void {
    const error = this.#refused.get(secret);
    if (error !== undefined) throw error;
  }

  prove(secret: string): void {
    this.#proven.add(secret);
  }

  isProven(secret: string): boolean {
    return this.#proven.has(secret);
  }

  refuse(secret: string, error: DrayError): void {
    if (!this.#proven.has(secret)) this.#refused.set(secret, error);
  }
}
