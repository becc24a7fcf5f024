import { isAbsolute, join } from "node:path";
import type { Release } from "../../helm/render/built-in-objects.ts";
import type { ValueSet } from "../../helm/values/user-values.ts";
import { parseRepositoryAddress } from "../../remote/chart-repository/repository-address.ts";
import { DrayError } from "../../errors.ts";
import { parseDigest, type Digest } from "../../oci/digest.ts";
import {
  hasLogin,
  isRegistryHost,
  isTag,
  LOGIN_HINT,
  repositoryProblem,
  withoutLogin,
} from "../../oci/reference.ts";

/** A chart as somebody asks for it. What has no version means the newest release. */
export type ChartRequest = ChartOrigin & ImageWishes;

export type ChartOrigin =
  /** A packed chart or the directory of one. */
  | {
      readonly kind: "file";
      readonly path: string;
      /** What it is where there is no such file: `NAME/CHART`, as `helm repo add NAME` knows it. */
      readonly alias?: Extract<ChartOrigin, { kind: "repository" }> | undefined;
    }
  | {
      readonly kind: "oci";
      readonly registry: string;
      readonly repository: string;
      /** A version, a range or a tag; with `digest` it only says what that is called. */
      readonly version?: string | undefined;
      readonly digest?: Digest | undefined;
    }
  | {
      readonly kind: "repository";
      /** `https://…`, or `@NAME` as Helm's own configuration names it. */
      readonly repository: string;
      readonly name: string;
      readonly version?: string | undefined;
    };

/**
 * Which images of a chart are packed with it: `needed` those that its values pull, hooks included ·
 * `discover` also those that other values would pull · `none` only what is listed.
 */
export type ImageMode = "needed" | "discover" | "none";

export const IMAGE_MODES: readonly ImageMode[] = ["needed", "discover", "none"];

/** What is wanted of a chart's images. */
export interface ImageWishes {
  /** @default "needed" */
  readonly images?: ImageMode | undefined;
  /** The images of several sets of values are joined. @default the chart's own values alone */
  readonly valueSets?: readonly ValueSet[] | undefined;
  /** The release that it is installed as. */
  readonly release?: Release | undefined;
}

export interface ChartPlace {
  /** Directory that paths are relative to. @default the working directory */
  readonly base?: string | undefined;
  /** A chart repository; what is asked for is then the name of a chart in it. */
  readonly repo?: string | undefined;
  /** A version or range, for whoever writes it apart. */
  readonly version?: string | undefined;
}

/**
 * Reads a chart as users write it: a path, `oci://registry/path/chart[:RANGE]`, or
 * `https://repository#chart[:RANGE]`.
 *
 * @throws DrayError `DRAY_CHART_REFERENCE_INVALID`
 */
export function parseChart(text: string, { base, repo, version }: ChartPlace = {}): ChartRequest {
  const shown = maskedChart(text);
  const fail = (reason: string, hint?: string): DrayError =>
    new DrayError(
      "DRAY_CHART_REFERENCE_INVALID",
      `Cannot read chart ${JSON.stringify(shown.slice(0, 300))}: ${reason}`,
      { kind: "usage", hint },
    );
  if (text === "") throw fail("it is empty");
  if (shown !== text) throw fail("a login has no place in it", LOGIN_HINT);
  if (repo !== undefined) return inRepository(repo, named(text, version, fail), fail);
  if (text.startsWith("oci://")) return inRegistry(text, version, fail);
  if (/^(?:https?:\/\/|@)/i.test(text)) {
    const hash = text.indexOf("#");
    if (hash === -1) throw fail("it names no chart", `Write ${text}#NAME or ${text}#NAME:VERSION.`);
    return inRepository(text.slice(0, hash), named(text.slice(hash + 1), version, fail), fail);
  }
  const alias = aliasIn(text, version);
  if (version !== undefined && alias === undefined) {
    throw fail("a chart from a file has its own version");
  }
  return inFile(text, base, alias);
}

type OfRepository = Extract<ChartOrigin, { kind: "repository" }>;

function inFile(
  text: string,
  base: string | undefined,
  alias: OfRepository | undefined,
): ChartRequest {
  const path = base === undefined || isAbsolute(text) ? text : join(base, text);
  return { kind: "file", path, ...(alias === undefined ? {} : { alias }) };
}

/** `NAME/CHART[:RANGE]`, which may also be a path. */
function aliasIn(text: string, apart: string | undefined): OfRepository | undefined {
  const [, repository, name, range] =
    /^([A-Za-z0-9][\w.-]*)\/([A-Za-z0-9][\w.-]*)(?::(.+))?$/.exec(text) ?? [];
  if (repository === undefined || name === undefined || name.endsWith(".tgz")) return undefined;
  const version = range ?? apart;
  const origin = { kind: "repository", repository: `@${repository}`, name } as const;
  return version === undefined ? origin : { ...origin, version };
}

/** For messages: the chart without what may be a password. Paths and Helm's `@NAME` have none. */
function maskedChart(text: string): string {
  const scheme = /^(?:oci|https?):\/\//i.exec(text)?.[0];
  if (scheme === undefined) return text;
  const rest = text.slice(scheme.length);
  // Behind its host, an address may have an `@` of its own.
  const isOci = scheme.toLowerCase() === "oci://";
  const isMasked = isOci ? hasLogin(rest) : /^[^/]*@/.test(rest);
  return isMasked ? `${scheme}${withoutLogin(rest)}` : text;
}

/** As `parseChart` reads it: what locks and messages call the chart. */
export function formatChart(request: ChartRequest): string {
  if (request.kind === "file") return request.path;
  const version = request.version === undefined ? "" : `:${request.version}`;
  if (request.kind === "repository") return `${request.repository}#${request.name}${version}`;
  const digest = request.digest === undefined ? "" : `@${request.digest}`;
  return `oci://${request.registry}/${request.repository}${version}${digest}`;
}

type Fail = (reason: string, hint?: string) => DrayError;

interface Named {
  readonly name: string;
  readonly version: string | undefined;
}

/** `NAME[:RANGE]`, with the range there or apart, but not both. */
function named(text: string, apart: string | undefined, fail: Fail): Named {
  const colon = text.indexOf(":");
  const version = colon === -1 ? undefined : text.slice(colon + 1).trim();
  if (version !== undefined && apart !== undefined) throw fail("it has two versions");
  const wanted = version ?? apart?.trim();
  return {
    name: colon === -1 ? text : text.slice(0, colon),
    version: wanted === "" ? undefined : wanted,
  };
}

function inRepository(repo: string, { name, version }: Named, fail: Fail): ChartRequest {
  if (!/^[a-zA-Z0-9._-]+$/.test(name) || /^\.+$/.test(name)) {
    const last = /\/([\w.-]+)$/.exec(name)?.[1];
    const hint = last && `Behind # stands the name that the index has: #${last}`;
    throw fail(`${JSON.stringify(name)} is not the name of a chart`, hint);
  }
  const repository = parseRepositoryAddress(repo);
  return { kind: "repository", repository, name, ...(version === undefined ? {} : { version }) };
}

function inRegistry(text: string, apart: string | undefined, fail: Fail): ChartRequest {
  const [place = "", digest] = text.slice("oci://".length).split("@");
  const colon = place.indexOf(":", place.lastIndexOf("/"));
  const path = colon === -1 ? place : place.slice(0, colon);
  const slash = path.indexOf("/");
  const [registry, repository] = [path.slice(0, slash), path.slice(slash + 1)];
  if (/[<>]/.test(path)) throw fail("it still has a placeholder in it");
  if (slash === -1 || !isRegistryHost(registry)) throw fail("expected oci://REGISTRY/PATH/CHART");
  const problem = repositoryProblem(repository, registry);
  if (problem !== undefined) throw fail(problem);
  const { version } = named(place.slice(path.length), apart, fail);
  if (digest !== undefined && version !== undefined && !isTag(version.replaceAll("+", "_"))) {
    throw fail("it has a range and a digest", "A digest says alone what is meant.");
  }
  return {
    kind: "oci",
    registry,
    repository,
    ...(version === undefined ? {} : { version }),
    ...(digest === undefined ? {} : { digest: parseDigest(digest) }),
  };
}
