import { DrayError } from "../errors.ts";
import { parseDigest, type Digest } from "./digest.ts";

/**
 * `registry/repository[:tag][@digest]`, made only by `parseReference`: the registry is always named
 * and there is always a tag or a digest. With both, the digest says what is meant.
 * https://github.com/distribution/reference/blob/v0.6.0/reference.go
 */
export interface Reference {
  /** Host with optional port, `docker.io` where none was written. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** Longest repository name, with its host, that registries and clients agree on. */
const MAX_NAME_LENGTH = 255;

const HOST_LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const HOST = new RegExp(
  `^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`,
);
const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;

/**
 * Reads a reference as users write it: `alpine`, `ghcr.io/org/app:1.0`, `host:5000/a@sha256:…`.
 * @throws DrayError `DRAY_REFERENCE_INVALID`
 */
export function parseReference(text: string): Reference {
  const shown = JSON.stringify(withoutLogin(text).slice(0, 300));
  const fail = (reason: string, hint?: string): never => {
    throw new DrayError("DRAY_REFERENCE_INVALID", `Cannot read reference ${shown}: ${reason}`, {
      kind: "usage",
      hint,
    });
  };
  if (/[<>]/.test(text)) fail("it holds < or >", "Replace the placeholder with a real name.");
  if (hasLogin(text)) fail(LOGIN_REASON, LOGIN_HINT);
  if (text.includes("://")) fail("a scheme has no place in it", "Leave out the scheme.");
  const { name, tag, digest } = splitReference(text, fail);
  const { registry, repository } = splitName(name);
  if (!isRegistryHost(registry)) {
    fail(`${JSON.stringify(registry)} is not a host[:port]`, hostHint(registry));
  }
  const problem = repositoryProblem(repository, registry);
  if (problem !== undefined) fail(problem);
  if (tag !== undefined && !isTag(tag)) fail(`${JSON.stringify(tag)} is not a tag`);
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    ...(tag === undefined && digest === undefined ? { tag: "latest" } : {}),
  };
}

/** What a host is called on the wire whose name has letters beyond ASCII; undefined for any other. */
export function hostHint(text: string): string | undefined {
  if (!/[^\0-\x7f]/.test(text) || !URL.canParse(`http://${text}/`)) return undefined;
  return `Write it as the DNS has it: ${new URL(`http://${text}/`).host}`;
}

type Fail = (reason: string) => never;

function splitReference(
  text: string,
  fail: Fail,
): { name: string; tag: string | undefined; digest: Digest | undefined } {
  const at = text.indexOf("@");
  const named = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? undefined : parsePinnedDigest(text.slice(at + 1), fail);
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const name = hasTag ? named.slice(0, colon) : named;
  if (name === "") fail("there is no name in it");
  if (IMAGE_ID.test(name)) fail("64 hexadecimal characters are an image id, not a name");
  return { name, tag: hasTag ? named.slice(colon + 1) : undefined, digest };
}

function parsePinnedDigest(text: string, fail: Fail): Digest {
  try {
    return parseDigest(text);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

/** The host that a name begins with: what could not be a Docker Hub user name before the first slash. */
export function hostOf(name: string): string | undefined {
  const slash = name.indexOf("/");
  const first = slash === -1 ? "" : name.slice(0, slash);
  return /[.:A-Z]/.test(first) || first === "localhost" ? first : undefined;
}

function splitName(name: string): { registry: string; repository: string } {
  const host = hostOf(name);
  const registry = host ?? "docker.io";
  const repository = host === undefined ? name : name.slice(host.length + 1);
  if (registry !== "docker.io" && registry !== "index.docker.io") return { registry, repository };
  return {
    registry: "docker.io",
    repository: repository.includes("/") ? repository : `library/${repository}`,
  };
}

/** Digests alone stand behind an `@`. */
const DIGEST_SUFFIX = /@(?:sha\d+:.*|[a-z0-9+._-]+:[a-f0-9]{32,})$/i;

/** True if there is an `@` with something else than a digest behind it, as in `user:password@host`. */
export function hasLogin(text: string): boolean {
  return text.replace(DIGEST_SUFFIX, "").includes("@");
}

/** For messages: what stands before such an `@` is most likely a password. */
export function withoutLogin(text: string): string {
  if (!hasLogin(text)) return text;
  const digest = DIGEST_SUFFIX.exec(text)?.[0] ?? "";
  const named = text.slice(0, text.length - digest.length);
  return `***${named.slice(named.lastIndexOf("@"))}${digest}`;
}

export const LOGIN_REASON = "expected a digest behind @; a login has no place in a name";
export const LOGIN_HINT = "Log in with `dray login HOST`, or use --username with --password-stdin.";

export function isRegistryHost(text: string): boolean {
  return HOST.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Why `repository` cannot be a repository of `registry`, or undefined. */
export function repositoryProblem(repository: string, registry: string): string | undefined {
  if (!REPOSITORY.test(repository)) {
    const upper = /[A-Z]/.test(repository) ? ": it must be lower case" : "";
    return `${JSON.stringify(repository)} is not a repository name${upper}`;
  }
  const length = registry.length + 1 + repository.length;
  return length > MAX_NAME_LENGTH
    ? `the name has ${length} characters, expected at most ${MAX_NAME_LENGTH}`
    : undefined;
}

/** The full form, with registry: `docker.io/library/alpine:3.20`. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}
