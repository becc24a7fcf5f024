import { DrayError } from "../../errors.ts";
import { parseAs, z } from "../../oci/schema.ts";
import { askHelper, type HelperOptions } from "./credential-helper.ts";
import type { Credentials, CredentialStore } from "./credentials.ts";
import { aboutFile, readCredentialsFile } from "./credentials-file.ts";

const entrySchema = z.object({
  auth: z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  identitytoken: z.string().nullish(),
  registrytoken: z.string().nullish(),
});

/** An entry is looked at only where it is wanted: a wrong one keeps no other host out. */
const fileSchema = z.object({
  auths: z.record(z.string(), z.unknown()).nullish(),
  credHelpers: z.record(z.string(), z.string().nullish()).nullish(),
  credsStore: z.string().nullish(),
});

/** Names that Docker Hub has had in these files, newest first. */
const DOCKER_HUB_KEYS: readonly string[] = [
  "docker.io",
  "https://index.docker.io/v1/",
  "index.docker.io",
  "registry-1.docker.io",
];

/**
 * Credentials from a docker `config.json` or a containers `auth.json`; a file that is missing has
 * none. The file is read again for every question, a helper is asked once and again when its answer
 * was refused.
 * https://github.com/containers/image/blob/v5.36.2/docs/containers-auth.json.5.md
 */
export function authFile(path: string, options: HelperOptions = {}): CredentialStore {
  const answers = new Map<string, Promise<Credentials | undefined>>();
  const ask = (program: string, server: string, fresh: boolean) => {
    const key = `${program} ${server}`;
    const answer = (fresh ? undefined : answers.get(key)) ?? askHelper(program, server, options);
    answers.set(key, answer);
    return answer;
  };
  return async (registry, repository, { fresh = false } = {}) => {
    const file = await readCredentialsFile(path, fileSchema);
    if (file === undefined) return undefined;
    const keys = keysFor(registry, repository);
    const helper = keys.map((key) => file.credHelpers?.[key]).find((name) => name != null);
    const program = helper ?? file.credsStore ?? "";
    const helped = program === "" ? undefined : await ask(program, serverOf(registry), fresh);
    return helped ?? fromAuths(file.auths ?? {}, keys, path);
  };
}

/** What docker calls a registry where it stores a login. */
export function serverOf(registry: string): string {
  return registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
}

/** All that a registry is called in such a file. */
export function keysOf(registry: string): readonly string[] {
  return registry === "docker.io" ? DOCKER_HUB_KEYS : [registry];
}

/** From the most to the least specific: `host/ns/repo`, `host/ns`, `host`. */
function keysFor(registry: string, repository: string | undefined): string[] {
  const parts = repository?.split("/") ?? [];
  const paths = parts.map((_part, index) => parts.slice(0, parts.length - index).join("/"));
  return [...paths.map((path) => `${registry}/${path}`), ...keysOf(registry)];
}

function fromAuths(
  auths: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  path: string,
): Credentials | undefined {
  const plain = new Map(Object.keys(auths).map((key) => [plainKey(key), key]));
  for (const wanted of keys) {
    // An entry under the very name goes before one that only means the same.
    const key = auths[wanted] == null ? plain.get(wanted) : wanted;
    const entry = key === undefined ? undefined : auths[key];
    if (key === undefined || entry == null) continue;
    const about = aboutFile(path);
    const what = `${about.what}: auths, ${key}`;
    const found = toCredentials(parseAs(entrySchema, entry, { ...about, what }), key, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The host that a key is for. With a scheme before it, which old programs write, a path behind the host
 * says nothing, as docker has it; without one it is a namespace.
 */
export function plainKey(key: string): string {
  const [, host] = /^https?:\/\/([^/]+)/.exec(key) ?? [];
  return host ?? key.replace(/(?:\/v[12])?\/?$/, "");
}

function toCredentials(
  entry: z.infer<typeof entrySchema>,
  key: string,
  path: string,
): Credentials | undefined {
  if (entry.identitytoken) return { kind: "identity", token: entry.identitytoken };
  if (entry.registrytoken) return { kind: "bearer", token: entry.registrytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, "base64").toString("utf8").replace(/\0+$/, "");
    const colon = text.indexOf(":");
    if (colon > 0) {
      return { kind: "password", username: text.slice(0, colon), password: text.slice(colon + 1) };
    }
    throw new DrayError(
      "DRAY_CREDENTIALS_INVALID",
      `Cannot read the credentials of ${JSON.stringify(key)} in ${JSON.stringify(path)}: expected base64 of user:password`,
      { kind: "usage", hint: "Log in again: `dray login HOST` writes it anew." },
    );
  }
  const { username, password } = entry;
  if (username == null || password == null) return undefined;
  return { kind: "password", username, password };
}
