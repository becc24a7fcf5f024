import { isAbsolute, join } from "node:path";
import { DrayError } from "../errors.ts";
import { parseDigest, type Digest } from "../oci/digest.ts";
import { isRegistryHost, repositoryProblem } from "../oci/reference.ts";

/** A chart as somebody asks for it. What has no version means the newest release. */
export type ChartRequest =
  /** A packed chart or the directory of one. */
  | { readonly kind: "file"; readonly path: string }
  | {
      readonly kind: "oci";
      readonly registry: string;
      readonly repository: string;
      /** A version, a range or a tag; with `digest` it only says what that is called. */
      readonly version?: string | undefined;
      readonly digest?: Digest | undefined;
    };

export interface ChartPlace {
  /** Directory that paths are relative to. @default the working directory */
  readonly base?: string | undefined;
  /** A version or range, for whoever writes it apart. */
  readonly version?: string | undefined;
}

/**
 * Reads a chart as users write it: a path, or `oci://registry/path/chart[:RANGE]`.
 * @throws DrayError `DRAY_CHART_REFERENCE_INVALID`
 */
export function parseChart(text: string, { base, version }: ChartPlace = {}): ChartRequest {
  const fail = (reason: string, hint?: string): DrayError =>
    new DrayError(
      "DRAY_CHART_REFERENCE_INVALID",
      `Cannot read chart ${JSON.stringify(text.slice(0, 300))}: ${reason}`,
      { kind: "usage", hint },
    );
  if (text === "") throw fail("it is empty");
  if (text.startsWith("oci://")) return inRegistry(text, version, fail);
  if (version !== undefined) throw fail("a chart from a file has its own version");
  const path = base === undefined || isAbsolute(text) ? text : join(base, text);
  return { kind: "file", path };
}

/** As `parseChart` reads it: what locks and messages call the chart. */
export function formatChart(request: ChartRequest): string {
  if (request.kind === "file") return request.path;
  const version = request.version === undefined ? "" : `:${request.version}`;
  const digest = request.digest === undefined ? "" : `@${request.digest}`;
  return `oci://${request.registry}/${request.repository}${version}${digest}`;
}

type Fail = (reason: string, hint?: string) => DrayError;

/** The range behind a colon or apart from it, but not both. */
function versionOf(text: string, apart: string | undefined, fail: Fail): string | undefined {
  if (text !== "" && apart !== undefined) throw fail("it has two versions");
  const version = (apart ?? text.slice(1)).trim();
  return version === "" ? undefined : version;
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
  const version = versionOf(place.slice(path.length), apart, fail);
  return {
    kind: "oci",
    registry,
    repository,
    ...(version === undefined ? {} : { version }),
    ...(digest === undefined ? {} : { digest: parseDigest(digest) }),
  };
}
