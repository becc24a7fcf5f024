import { readFile } from "node:fs/promises";
import { DrayError, systemCode } from "../../errors.ts";
import { parseSecretJson, z } from "../../oci/schema.ts";
import { askHelper, type HelperOptions } from "./credential-helper.ts";
import type { Credentials, CredentialStore } from "./credentials.ts";

const entrySchema = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});

const fileSchema = z.object({
  auths: z.record(z.string(), entrySchema).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

type AuthEntry = z.infer<typeof entrySchema>;
type AuthFile = z.infer<typeof fileSchema>;

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
    const file = await readAuthFile(path);
    if (file === undefined) return undefined;
    const keys = keysFor(registry, repository);
    const helper = keys.map((key) => file.credHelpers?.[key]).find((name) => name !== undefined);
    const program = helper ?? file.credsStore ?? "";
    const helped = program === "" ? undefined : await ask(program, serverOf(registry), fresh);
    return helped ?? fromAuths(file.auths ?? {}, keys, path);
  };
}

async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const what = `credentials file ${JSON.stringify(path)}`;
  return parseSecretJson(fileSchema, bytes, { what, code: "DRAY_CREDENTIALS_INVALID" });
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
  auths: Readonly<Record<string, AuthEntry>>,
  keys: readonly string[],
  path: string,
): Credentials | undefined {
  const plain = new Map(Object.entries(auths).map((item) => [plainKey(item[0]), item]));
  for (const wanted of keys) {
    // An entry under the very name goes before one that only means the same.
    const [key, entry] =
      auths[wanted] === undefined ? (plain.get(wanted) ?? []) : [wanted, auths[wanted]];
    const found =
      entry === undefined || key === undefined ? undefined : toCredentials(entry, key, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `docker login https://host/v1/` keeps the scheme, and a path behind the host. */
export function plainKey(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/(?:\/v[12])?\/?$/, "");
}

function toCredentials(entry: AuthEntry, key: string, path: string): Credentials | undefined {
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
    );
  }
  const { username, password } = entry;
  if (username === undefined || password === undefined) return undefined;
  return { kind: "password", username, password };
}
