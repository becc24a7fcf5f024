import { text } from "node:stream/consumers";
import { Option, type Command } from "commander";
import type { CredentialStore, KnownRepositories, RateLimit, RegistryAccess } from "../index.ts";
import { byteRate, duration, integer, repeatable, seldom } from "./flags.ts";
import type { Session } from "./session.ts";
import type { Io } from "./terminal.ts";

/** Flags of every command that speaks to a registry. */
export interface RegistryFlags {
  readonly username?: string;
  readonly passwordStdin?: boolean;
  readonly plainHttp?: boolean;
  readonly caFile?: readonly string[];
  readonly insecureSkipTlsVerify?: boolean;
  readonly allowTokenHost?: readonly string[];
  readonly concurrency?: number;
  /** Of commands that push. */
  readonly immutable?: boolean;
  /** Milliseconds. */
  readonly retryFor?: number;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Bytes a second. */
  readonly minRate?: number;
  /** Bytes a second; 0 for no limit. */
  readonly limitRate?: number;
}

export function addRegistryFlags(command: Command): Command {
  return command
    .optionsGroup("Connections:")
    .option("--username <name>", "user name for the registry; needs --password-stdin")
    .option("--password-stdin", "read the password from standard input")
    .option("--plain-http", "speak http without encryption; loopback needs no flag")
    .addOption(repeatable("--ca-file <file>", "trust the certificates in this PEM file too"))
    .addOption(
      seldom(new Option("--insecure-skip-tls-verify", "do not check the registry's certificate")),
    )
    .addOption(
      seldom(repeatable("--allow-token-host <host>", "give credentials to this token server too")),
    )
    .addOption(
      seldom(
        new Option("--concurrency <number>", "transfers at the same time for each registry")
          .argParser(integer({ least: 1, most: 64 }))
          .default(3),
      ),
    )
    .addOption(
      seldom(
        new Option(
          "--retry-for <time>",
          "wait so long for whoever does not answer, in each request",
        )
          .argParser(duration)
          .default(120_000, "2m"),
      ),
    )
    .addOption(
      seldom(
        new Option("--timeout <time>", "wait so long for the first byte of an answer")
          .argParser(duration)
          .default(180_000, "3m"),
      ),
    )
    .addOption(
      seldom(
        new Option(
          "--limit-rate <rate>",
          "move no more bytes a second in each direction, for shared lines",
        ).argParser(byteRate),
      ),
    )
    .addOption(
      seldom(
        new Option(
          "--min-rate <rate>",
          "end and resume what moves fewer bytes a second, 0 for none",
        )
          .argParser(byteRate)
          .default(1024, "1KiB"),
      ),
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

/**
 * How registries are reached. `loginFor` names the hosts that --username is for, where charts may
 * name others beyond them; by default it is for all.
 */
export async function registryAccess(
  flags: RegistryFlags,
  session: Session,
  loginFor?: readonly string[],
): Promise<RegistryAccess> {
  return accessWith(await readGiven(flags, session, loginFor), flags, session);
}

/** What flags name and has to be read. */
interface Given {
  readonly login: CredentialStore | undefined;
  /** Certificates (PEM). */
  readonly ca: readonly string[];
}

async function readGiven(
  flags: RegistryFlags,
  { io }: Session,
  loginFor?: readonly string[],
): Promise<Given> {
  const login = await givenLogin(flags, io, loginFor);
  return { login, ca: await namedCertificates(flags.caFile) };
}

async function accessWith(
  given: Given,
  flags: RegistryFlags,
  { defaults, run }: Session,
): Promise<RegistryAccess> {
  const { Contacts, withEcr } = await import("../index.ts");
  const { ca = [], hostCertificates, credentials, proxy, uploadNotes } = await defaults.registry();
  const access = {
    ca: [...given.ca, ...ca],
    hostCertificates,
    plainHttp: flags.plainHttp,
    insecureSkipTlsVerify: flags.insecureSkipTlsVerify,
    allowedTokenHosts: flags.allowTokenHost,
    concurrency: flags.concurrency,
    retryFor: flags.retryFor,
    minRate: flags.minRate,
    answerTimeout: flags.timeout,
    limit: await rateLimit(flags),
    credentials: given.login ?? credentials,
    proxy,
    uploadNotes,
    contacts: new Contacts(),
  };
  return withEcr(access, {
    endpoint: defaults.ecrEndpoint,
    isImmutable: flags.immutable,
    onEvent: run.onEvent,
  });
}

/** The certificates (PEM) of the files of --ca-file, in their order. */
export async function namedCertificates(files: readonly string[] = []): Promise<string[]> {
  if (files.length === 0) return [];
  const { readCertificates } = await import("../index.ts");
  return Promise.all(files.map((path) => readCertificates(path, "CA file")));
}

/** One for all registries of a command: they share a line. */
async function rateLimit({ limitRate = 0 }: RegistryFlags): Promise<RateLimit | undefined> {
  if (limitRate === 0) return undefined;
  const { RateLimit: Limit } = await import("../index.ts");
  return new Limit(limitRate);
}

/** How commands reach registries and chart repositories that may have to ask neither. */
export interface LaterAccess {
  readonly registry: () => Promise<RegistryAccess>;
  readonly repositories: KnownRepositories;
}

/**
 * How registries and chart repositories are reached, by commands that get charts from both. What flags
 * name is read at once; what was written down before, and all that connects, when the first is asked.
 */
export async function chartAccess(
  flags: RegistryFlags,
  session: Session,
  loginFor: readonly string[],
): Promise<LaterAccess> {
  const given = await readGiven(flags, session, loginFor);
  let asked: Promise<RegistryAccess> | undefined;
  const registry = (): Promise<RegistryAccess> => (asked ??= accessWith(given, flags, session));
  const { login } = given;
  const { repositories } = session.defaults;
  return { registry, repositories: login ? withLogin(repositories, login) : repositories };
}

/** What the user has given for this one run goes before what was written down. */
function withLogin(known: KnownRepositories, credentials: CredentialStore): KnownRepositories {
  return {
    urlOf: (name) => known.urlOf(name),
    async login(repository) {
      const given = await credentials(repository.host);
      if (given?.kind !== "password") return known.login(repository);
      const { username, password } = given;
      return { ...(await known.login(repository)), username, password, passToAllHosts: false };
    },
  };
}

/** The login of --username, which is asked instead of any file. */
async function givenLogin(
  { username, passwordStdin }: RegistryFlags,
  { stdin }: Io,
  loginFor: readonly string[] | undefined,
): Promise<CredentialStore | undefined> {
  if ((username === undefined) !== (passwordStdin !== true)) {
    const { DrayError } = await import("../index.ts");
    throw new DrayError("DRAY_USAGE", "Expected --username and --password-stdin together", {
      kind: "usage",
      hint: "echo $PASSWORD | dray … --username NAME --password-stdin",
    });
  }
  if (username === undefined) return undefined;
  const password = (await text(stdin)).replace(/\r?\n$/, "");
  return async (registry) =>
    loginFor === undefined || loginFor.includes(registry)
      ? { kind: "password", username, password }
      : undefined;
}
