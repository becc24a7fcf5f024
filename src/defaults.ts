import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { delimiter, isAbsolute, join, sep } from "node:path";
import process from "node:process";
import { helmRepositories } from "./remote/chart-repository/helm-repositories.ts";
import type { KnownRepositories } from "./remote/chart-repository/repository-login.ts";
import type { ProxyOptions } from "./remote/http/proxy.ts";
import type { RegistryAccess } from "./remote/registry/access.ts";
import type { TrustPolicy } from "./trust/policy.ts";

/** The variables of a process by their names, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What a command takes from its user and machine where no flag says otherwise. What has to be read
 * is read when it is asked for, and loaded what reads it: a key that cannot be read stops nobody who only packs.
 */
export interface Defaults {
  /** Directory of the content store: `DRAY_STORE`, else there is none. */
  readonly store: string | undefined;
  /** Scratch space: `DRAY_WORK_DIR`, else the system's. */
  readonly workDirectory: string;
  /** Time stamp of what is made: `SOURCE_DATE_EPOCH`, else the beginning of 1970. */
  readonly created: Date;
  /** Where trusted keys lie: `DRAY_TRUST_DIR`, else `dray/trust` in the user's configuration. */
  readonly trustFolder: string;
  /** Names and logins of chart repositories, as `helm repo add` keeps them. */
  readonly repositories: KnownRepositories;
  /** The keys of the trust folder, one of which must have signed. @throws DrayError `DRAY_KEY_INVALID` */
  readonly trust: () => Promise<TrustPolicy>;
  /**
   * The login of `DRAY_REGISTRY`, those of docker, containers and Helm, the system's certificates or
   * those of `SSL_CERT_FILE`, those of `NODE_EXTRA_CA_CERTS`, and the proxies.
   * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_CERTIFICATES_INVALID`, `DRAY_USAGE` if a part of the
   * login is missing
   */
  readonly registry: () => Promise<RegistryAccess>;
  /** The API of ECR, where it is not that of the registry's region: `AWS_ENDPOINT_URL_ECR`. */
  readonly ecrEndpoint: string | undefined;
  /** Where a login is kept: `REGISTRY_AUTH_FILE`, else docker's `config.json`. */
  readonly loginFile: string;
  /** Path of the first helm on `PATH`. */
  readonly helm: () => Promise<string | undefined>;
  /** Path of the first gpgv on `PATH`. */
  readonly gpgv: () => Promise<string | undefined>;
}

/** The defaults of whoever runs this process, or of the one whose variables `env` has. */
export function defaults(env: Environment = process.env): Defaults {
  const searchPath = env["PATH"] ?? "";
  return {
    // What is not asked for is not looked up.
    get trustFolder() {
      return trustFolder(env);
    },
    get repositories() {
      return helmRepositories(repositoriesFile(env));
    },
    store: given(env, "DRAY_STORE"),
    workDirectory: given(env, "DRAY_WORK_DIR") ?? tmpdir(),
    created: sourceDate(env),
    ecrEndpoint: given(env, "AWS_ENDPOINT_URL_ECR") ?? given(env, "AWS_ENDPOINT_URL"),
    get loginFile() {
      return loginFile(env);
    },
    trust: async () => {
      const { readTrustFolder } = await import("./trust/folder.ts");
      return { keys: await readTrustFolder(trustFolder(env)) };
    },
    registry: () => registryAccess(env),
    helm: () => findProgram("helm", searchPath),
    gpgv: () => findProgram("gpgv", searchPath),
  };
}

async function registryAccess(env: Environment): Promise<RegistryAccess> {
  const { hostCertificates } = await import("./remote/http/host-certificates.ts");
  const { authFile } = await import("./remote/registry/auth-file.ts");
  const { firstOf } = await import("./remote/registry/credentials.ts");
  const { loginFromVariables } = await import("./remote/registry/login-variables.ts");
  return {
    ca: await certificates(env),
    hostCertificates: hostCertificates(certificateDirectories(env)),
    credentials: firstOf([
      loginFromVariables(env),
      ...credentialFiles(env).map((path) => authFile(path)),
    ]),
    proxy: proxies(env),
    uploadNotes: await uploadNotes(env),
  };
}

/** What a variable says, unless it is empty: that is how scripts unset one. */
function given(env: Environment, name: string): string | undefined {
  return env[name] === "" ? undefined : env[name];
}

/**
 * A place that holds whatever directory a command runs in. A relative one is as good as none: whom to
 * trust must not depend on what lies in somebody else's directory.
 */
function place(env: Environment, name: string): string | undefined {
  const path = env[name];
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

function homeDirectory(env: Environment): string {
  return place(env, "HOME") ?? registeredHome();
}

/** The home that the system has on record. Accounts of containers are often not on record. */
function registeredHome(): string {
  try {
    const { homedir: home } = userInfo();
    return isAbsolute(home) ? home : sep;
  } catch {
    // As container runtimes have it, such an account is at home in the root.
    return sep;
  }
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function configDirectory(env: Environment): string {
  return place(env, "XDG_CONFIG_HOME") ?? join(homeDirectory(env), ".config");
}

/**
 * Where it is kept how far uploads have come. Nowhere for an account without a home, which is not to get
 * one, and for root in that of another, who could not remove what is made there.
 */
async function uploadNotes(env: Environment): Promise<string | undefined> {
  const home = homeDirectory(env);
  const state = place(env, "XDG_STATE_HOME");
  if (state === undefined && !(await isUsable(home))) return undefined;
  return join(state ?? join(home, ".local", "state"), "dray", "uploads");
}

async function isUsable(home: string): Promise<boolean> {
  try {
    const { uid } = await stat(home);
    return uid === 0 || process.getuid?.() !== 0;
  } catch {
    return false;
  }
}

function trustFolder(env: Environment): string {
  return given(env, "DRAY_TRUST_DIR") ?? join(configDirectory(env), "dray", "trust");
}

/** https://reproducible-builds.org/specs/source-date-epoch/ */
function sourceDate(env: Environment): Date {
  const seconds = Number(env["SOURCE_DATE_EPOCH"] ?? 0);
  // A tar header written by archiver holds 31 bits of seconds.
  const valid = Number.isInteger(seconds) && seconds >= 0 && seconds < 2 ** 31;
  return new Date(valid ? seconds * 1000 : 0);
}

/** What `docker login` writes, or who says that there is another file for it. */
function loginFile(env: Environment): string {
  return given(env, "REGISTRY_AUTH_FILE") ?? dockerFile(env);
}

function dockerFile(env: Environment): string {
  return join(given(env, "DOCKER_CONFIG") ?? join(homeDirectory(env), ".docker"), "config.json");
}

/** The files that `docker login`, `skopeo login` and `helm registry login` write, in their order. */
function credentialFiles(env: Environment): string[] {
  const runtime = place(env, "XDG_RUNTIME_DIR");
  const named = given(env, "REGISTRY_AUTH_FILE");
  return [
    ...(named === undefined ? [] : [named]),
    dockerFile(env),
    ...(runtime === undefined ? [] : [join(runtime, "containers", "auth.json")]),
    join(configDirectory(env), "containers", "auth.json"),
    join(configDirectory(env), "helm", "registry", "config.json"),
  ];
}

/** https://helm.sh/docs/helm/helm/: where Helm keeps what `helm repo add` was told. */
function repositoriesFile(env: Environment): string {
  return given(env, "HELM_REPOSITORY_CONFIG") ?? join(helmDirectory(env), "repositories.yaml");
}

function helmDirectory(env: Environment): string {
  const named = given(env, "HELM_CONFIG_HOME");
  if (named !== undefined) return named;
  const home = homeDirectory(env);
  const config = place(env, "XDG_CONFIG_HOME");
  if (config !== undefined) return join(config, "helm");
  if (process.platform === "darwin") return join(home, "Library", "Preferences", "helm");
  if (process.platform === "win32") return join(place(env, "APPDATA") ?? home, "helm");
  return join(home, ".config", "helm");
}

/** What replaces the system's certificates, and what is added to them. */
async function certificates(env: Environment): Promise<string[]> {
  const { readCertificates, systemCertificates } = await import("./remote/http/certificates.ts");
  const named = given(env, "SSL_CERT_FILE");
  const extra = given(env, "NODE_EXTRA_CA_CERTS");
  const all =
    named === undefined
      ? await systemCertificates()
      : [await readCertificates(named, "SSL_CERT_FILE")];
  // Many machines name one file twice, and three hundred certificates take a tenth of a second.
  if (extra === undefined || extra === named) return all;
  return [...all, await readCertificates(extra, "NODE_EXTRA_CA_CERTS")];
}

function proxies(env: Environment): ProxyOptions {
  const either = (name: string): string | undefined =>
    given(env, name) ?? given(env, name.toLowerCase());
  return {
    https: either("HTTPS_PROXY"),
    http: either("HTTP_PROXY"),
    all: either("ALL_PROXY"),
    no: either("NO_PROXY"),
  };
}

/** Where podman and docker look, in podman's order. */
function certificateDirectories(env: Environment): string[] {
  return [
    join(configDirectory(env), "containers", "certs.d"),
    join(sep, "etc", "containers", "certs.d"),
    join(sep, "etc", "docker", "certs.d"),
  ];
}

async function findProgram(name: string, searchPath: string): Promise<string | undefined> {
  for (const directory of searchPath.split(delimiter).filter(isAbsolute)) {
    const path = join(directory, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}
