import type { NetworkAccess } from "../http/network-access.ts";
import { basicHeader } from "../http/transport.ts";

/** What a repository wants to know of who comes, and how its certificate is judged. */
export interface RepositoryLogin {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Give both to every host that the index names. @default false */
  readonly passToAllHosts?: boolean | undefined;
  /** PEM: certificates trusted for this repository, and the client's own. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
}

/** The repositories that somebody has written down before. */
export interface KnownRepositories {
  login(repository: URL): Promise<RepositoryLogin | undefined>;
  /** The address behind the name of a repository, as charts write it: `@name`. */
  urlOf(name: string): Promise<string | undefined>;
}

/** What goes for the whole network, and beside it what was written down for this repository. */
export function withLogin(access: NetworkAccess, login: RepositoryLogin): NetworkAccess {
  const { ca, cert, key, insecureSkipTlsVerify } = login;
  return {
    ...access,
    ca: ca === undefined ? access.ca : [...(access.ca ?? []), ca],
    ...(cert === undefined || key === undefined ? {} : { certificate: { cert, key } }),
    insecureSkipTlsVerify: access.insecureSkipTlsVerify === true || insecureSkipTlsVerify === true,
  };
}

/** A login is for the scheme, host and port of the repository, unless the user says more. */
export function secretFor(
  url: URL,
  repository: URL,
  { username, password, passToAllHosts = false }: RepositoryLogin,
): Readonly<Record<string, string>> {
  if (username === undefined || password === undefined) return {};
  if (url.origin !== repository.origin && !passToAllHosts) return {};
  return { authorization: basicHeader(username, password) };
}

/** Whether a redirect to `next` keeps the login: as Helm does within a host, or where all may see it. */
export function keepsLogin(
  next: URL,
  repository: URL,
  { passToAllHosts = false }: RepositoryLogin,
): boolean {
  if (passToAllHosts) return true;
  return next.protocol === "https:" && next.host === repository.host;
}

/** What to do about `url` having let nobody in. */
export function loginHint(url: URL, repository: URL, { username }: RepositoryLogin): string {
  if (username === undefined) {
    return "Log in: `helm repo add --username`, or --username with --password-stdin.";
  }
  if (url.origin !== repository.origin) {
    return "The login was kept back: it is for another host. `helm repo add --pass-credentials` allows that.";
  }
  return "Check user name and password for this repository.";
}
