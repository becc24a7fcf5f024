import type { KnownRepositories } from "./repository-login.ts";

/** Reads Helm's `repositories.yaml` when it is asked for; a file that is missing has none. */
export function helmRepositories(path: string): KnownRepositories {
  let reading: Promise<KnownRepositories> | undefined;
  const read = async (): Promise<KnownRepositories> => {
    const { readRepositories } = await import("./repositories-file.ts");
    return readRepositories(path);
  };
  const known = (): Promise<KnownRepositories> => (reading ??= read());
  return {
    login: async (repository) => (await known()).login(repository),
    urlOf: async (name) => (await known()).urlOf(name),
  };
}
