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

/** Secrets of a credential store that are sent as HTTP Basic. */
export function basicHeader({
  username,
  password,
}: {
  username: string;
  password: string;
}): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

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
