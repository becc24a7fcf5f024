import { homedir } from "node:os";
import { join } from "node:path";
import type { ChartAccess, CredentialStore, KnownRepositories } from "../index.ts";
import type { Io } from "./io.ts";
import { registryOptions, type LoginScope, type RegistryFlags } from "./registry-flags.ts";

/** What commands need that get charts from registries and chart repositories. */
export async function chartAccess(
  flags: RegistryFlags,
  io: Io,
  scope: LoginScope,
): Promise<Required<ChartAccess>> {
  const { helmRepositories } = await import("../index.ts");
  const registry = await registryOptions(flags, io, scope);
  const helm = helmRepositories(repositoriesFile(io.env));
  const { credentials } = registry;
  const hasLogin = flags.username !== undefined && credentials !== undefined;
  return { registry, repositories: hasLogin ? withLogin(helm, credentials) : helm };
}

/** What the user has given for this one run goes before what was written down. */
function withLogin(helm: KnownRepositories, credentials: CredentialStore): KnownRepositories {
  return {
    urlOf: (name) => helm.urlOf(name),
    async login(repository) {
      const given = await credentials(repository.host);
      if (given?.kind !== "password") return helm.login(repository);
      const { username, password } = given;
      return { ...(await helm.login(repository)), username, password, passToAllHosts: false };
    },
  };
}

/** https://helm.sh/docs/helm/helm/: where Helm keeps what `helm repo add` was told. */
function repositoriesFile(env: Io["env"]): string {
  const named = env["HELM_REPOSITORY_CONFIG"];
  return named === undefined || named === ""
    ? join(helmDirectory(env), "repositories.yaml")
    : named;
}

function helmDirectory(env: Io["env"]): string {
  const named = env["HELM_CONFIG_HOME"];
  if (named !== undefined && named !== "") return named;
  const home = env["HOME"] ?? homedir();
  const config = env["XDG_CONFIG_HOME"];
  if (config !== undefined && config !== "") return join(config, "helm");
  if (process.platform === "darwin") return join(home, "Library", "Preferences", "helm");
  if (process.platform === "win32") return join(env["APPDATA"] ?? home, "helm");
  return join(home, ".config", "helm");
}
