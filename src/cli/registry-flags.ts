import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Option, type Command } from "commander";
import type { CredentialStore, RegistryOptions } from "../index.ts";
import { integer, repeatable } from "./flags.ts";
import type { Io } from "./io.ts";
import { readInput } from "./read-input.ts";

/** Flags of every command that speaks to a registry. */
export interface RegistryFlags {
  readonly username?: string;
  readonly passwordStdin?: boolean;
  readonly plainHttp?: boolean;
  readonly caFile?: readonly string[];
  readonly insecureSkipTlsVerify?: boolean;
  readonly allowTokenHost?: readonly string[];
  readonly concurrency?: number;
}

export function addRegistryFlags(command: Command): Command {
  return command
    .option("--username <name>", "user name for the registry; needs --password-stdin")
    .option("--password-stdin", "read the password from standard input")
    .option("--plain-http", "speak http without encryption; loopback needs no flag")
    .addOption(repeatable("--ca-file <file>", "trust the certificates in this PEM file too"))
    .option("--insecure-skip-tls-verify", "do not check the registry's certificate")
    .addOption(repeatable("--allow-token-host <host>", "give credentials to this token server too"))
    .addOption(
      new Option("--concurrency <number>", "transfers at the same time for each registry")
        .argParser(integer({ least: 1, most: 64 }))
        .default(3),
    );
}

/** One password is for one registry, and must not be offered to another. */
export async function requireOneRegistry(
  registries: readonly string[],
  { username }: RegistryFlags,
): Promise<void> {
  if (username === undefined || registries.length <= 1) return;
  const { DrayError } = await import("../index.ts");
  throw new DrayError(
    "DRAY_USAGE",
    `Cannot use --username: the command names ${registries.length} registries (${registries.join(", ")})`,
    {
      kind: "usage",
      hint: "Log in to each with `docker login` or `skopeo login`; dray reads what they store.",
    },
  );
}

export interface LoginScope {
  /** Hosts that --username is for: what charts name beyond them gets none. @default all */
  readonly loginFor?: readonly string[] | undefined;
}

/** Where systems keep the certificates that their administrators trust. */
const SYSTEM_CA_FILES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

export async function registryOptions(
  flags: RegistryFlags,
  io: Io,
  { loginFor }: LoginScope = {},
): Promise<Omit<RegistryOptions, "side" | "onEvent">> {
  const { env } = io;
  const ca = await Promise.all((flags.caFile ?? []).map((path) => readInput(path, "CA file")));
  return {
    ca: [...ca.map(String), ...(await systemCertificates(env))],
    plainHttp: flags.plainHttp,
    insecureSkipTlsVerify: flags.insecureSkipTlsVerify,
    allowedTokenHosts: flags.allowTokenHost,
    concurrency: flags.concurrency,
    credentials: await credentials(flags, io, loginFor),
    proxy: {
      https: env["HTTPS_PROXY"] ?? env["https_proxy"],
      http: env["HTTP_PROXY"] ?? env["http_proxy"],
      no: env["NO_PROXY"] ?? env["no_proxy"],
    },
  };
}

async function systemCertificates(env: Io["env"]): Promise<string[]> {
  const named = env["SSL_CERT_FILE"];
  if (named !== undefined && named !== "")
    return [(await readInput(named, "SSL_CERT_FILE")).toString()];
  for (const path of SYSTEM_CA_FILES) {
    try {
      return [await readFile(path, "utf8")];
    } catch {
      // The next one, then: every system has its own place.
    }
  }
  return [];
}

async function credentials(
  flags: RegistryFlags,
  io: Io,
  loginFor: readonly string[] | undefined,
): Promise<CredentialStore> {
  const { username, passwordStdin } = flags;
  const { authFile, firstOf, DrayError } = await import("../index.ts");
  if ((username === undefined) !== (passwordStdin !== true)) {
    throw new DrayError("DRAY_USAGE", "Expected --username and --password-stdin together", {
      kind: "usage",
      hint: "echo $PASSWORD | dray … --username NAME --password-stdin",
    });
  }
  if (username !== undefined) {
    const password = (await text(io.stdin)).replace(/\r?\n$/, "");
    return async (registry) =>
      loginFor === undefined || loginFor.includes(registry)
        ? { kind: "password", username, password }
        : undefined;
  }
  return firstOf(credentialFiles(io.env).map((path) => authFile(path)));
}

/** The files that `docker login`, `skopeo login` and `helm registry login` write, in their order. */
function credentialFiles(env: Io["env"]): string[] {
  const home = env["HOME"] ?? homedir();
  const config = env["XDG_CONFIG_HOME"] ?? join(home, ".config");
  const runtime = env["XDG_RUNTIME_DIR"];
  const named = env["REGISTRY_AUTH_FILE"];
  return [
    ...(named === undefined ? [] : [named]),
    join(env["DOCKER_CONFIG"] ?? join(home, ".docker"), "config.json"),
    ...(runtime === undefined ? [] : [join(runtime, "containers", "auth.json")]),
    join(config, "containers", "auth.json"),
    join(config, "helm", "registry", "config.json"),
  ];
}
