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
