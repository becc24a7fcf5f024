import { mkdir, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { DrayError, systemCode } from "../errors.ts";
import { startRun, type RunOptions } from "../events.ts";
import { replaceFile } from "../content/replace-file.ts";
import { isRegistryHost } from "../oci/reference.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { serverOf } from "../remote/registry/auth-file.ts";
import { RegistryClient } from "../remote/registry/client.ts";
import { eraseFromHelper, storeInHelper } from "../remote/registry/credential-helper.ts";
import { greet } from "../remote/registry/greet.ts";
import {
  helperFor,
  readLoginFile,
  withLogin,
  withoutLogin,
  type LoginFile,
} from "../remote/registry/login-file.ts";

export interface LoginOptions {
  /** `HOST[:PORT]` */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
  /** A docker `config.json`, which is made if it is not there. */
  readonly file: string;
  /** How the registry is reached; who asks is given here. */
  readonly access?: RegistryAccess | undefined;
  /** Check it with the registry and keep it nowhere. @default false */
  readonly dryRun?: boolean | undefined;
}

export interface LoginResult {
  readonly registry: string;
  readonly username: string;
  /** False if the registry asked for no login, so that nobody knows whether this one is right. */
  readonly checked: boolean;
  /** The file, where no helper keeps logins. It is not encrypted. */
  readonly file?: string;
  /** The program that keeps it. */
  readonly helper?: string;
  readonly dryRun: boolean;
}

/**
 * Checks a login with the registry and keeps it where docker would, so that dray and docker find it.
 * @throws RegistryError `DRAY_REGISTRY_DENIED`, DrayError `DRAY_USAGE`, `DRAY_CREDENTIALS_INVALID`, `DRAY_CREDENTIALS_HELPER`
 */
export async function login(
  options: LoginOptions,
  runOptions: RunOptions = {},
): Promise<LoginResult> {
  const { username, password, dryRun = false } = options;
  const registry = registryName(options.registry);
  const before = await readLoginFile(options.file);
  const checked = await checkLogin({ ...options, registry }, runOptions);
  const helper = helperFor(before, registry);
  const kept = helper === undefined ? { file: options.file } : { helper: programOf(helper) };
  const result = { registry, username, checked, ...kept, dryRun };
  if (dryRun) return result;
  if (helper !== undefined) {
    await storeInHelper(helper, { server: serverOf(registry), username, password });
  }
  const inFile = helper === undefined ? { username, password } : undefined;
  await writeLoginFile(options.file, withLogin(before, registry, inFile));
  return result;
}

function programOf(helper: string): string {
  return `docker-credential-${helper}`;
}

export interface LogoutResult {
  readonly registry: string;
  /** Where there was a login, which is gone now: the file, a helper's program, or both. */
  readonly removedFrom: readonly string[];
  /** True if it is not gone, and a helper was not even asked whether it has one. */
  readonly dryRun: boolean;
}

/** Forgets a login, in the file and in the helper that it names. */
export async function logout({
  registry: given,
  file: path,
  dryRun = false,
}: {
  readonly registry: string;
  readonly file: string;
  /** @default false */
  readonly dryRun?: boolean | undefined;
}): Promise<LogoutResult> {
  const registry = registryName(given);
  const before = await readLoginFile(path);
  const helper = helperFor(before, registry);
  const removedFrom: string[] = [];
  if (helper !== undefined && (dryRun || (await eraseFromHelper(helper, serverOf(registry))))) {
    removedFrom.push(programOf(helper));
  }
  const { file, found } = withoutLogin(before, registry);
  if (found) {
    if (!dryRun) await writeLoginFile(path, file);
    removedFrom.push(path);
  }
  return { registry, removedFrom, dryRun };
}

/** Whether the registry asked for the login; one that it refuses throws. */
async function checkLogin(
  { registry, username, password, access = {} }: LoginOptions,
  runOptions: RunOptions,
): Promise<boolean> {
  const { signal, onEvent } = startRun(runOptions);
  let isAsked = false;
  const credentials: RegistryAccess["credentials"] = async () => {
    isAsked = true;
    return { kind: "password", username, password };
  };
  const client = new RegistryClient(registry, { ...access, credentials }, { onEvent });
  try {
    await greet(client, { accept: [200], signal });
  } finally {
    await client.close();
  }
  return isAsked;
}

/** As users write it, and docker's names for its own registry. */
function registryName(text: string): string {
  const host = text.replace(/^https?:\/\//, "").replace(/(?:\/v[12])?\/?$/, "");
  if (["index.docker.io", "registry-1.docker.io"].includes(host)) return "docker.io";
  if (isRegistryHost(host)) return host;
  throw new DrayError(
    "DRAY_USAGE",
    `Cannot use ${JSON.stringify(text)} as a registry: expected HOST[:PORT], found something else`,
    { kind: "usage", hint: "A login is for a whole registry: leave out the path." },
  );
}

/** Only its owner may read what is written; a link to the file stays one. */
async function writeLoginFile(path: string, content: LoginFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify(content, undefined, "\t")}\n`;
  await replaceFile(await realPath(path), Buffer.from(text), 0o600);
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return path;
    throw error;
  }
}
