import { DrayError } from "../../errors.ts";
import { hostOf, isRegistryHost, repositoryProblem } from "../../oci/reference.ts";

/** Where else something is that is called otherwise. */
export interface Mirror {
  /** What stands there before the rest of the name: `harbor.corp/dockerhub`. */
  readonly location: string;
  /** Its certificate may be anything, and it may have none. */
  readonly isInsecure: boolean;
  /** Which references it is asked for. */
  readonly serves: "all" | "digests" | "tags";
}

/** Where all comes from whose name begins in one way. */
export interface MirrorRule {
  /** `HOST[:PORT][/PATH]` or `*.DOMAIN`, Docker Hub as `docker.io`. */
  readonly prefix: string;
  /** In the order in which they are asked; `inside` is the place that the rest of the name names. */
  readonly mirrors: readonly (Mirror | "inside")[];
  /** The place that is meant by the name itself is never asked. */
  readonly only: boolean;
  /** Where that place is, if it is not where the name says. */
  readonly origin?: Mirror | undefined;
  /** File that says that nothing may come from here. */
  readonly blockedBy?: string | undefined;
}

/** For proxies that carry the whole name of what they give: `proxy.vendor/app/docker.io/library/x`. */
export const INSIDE = "inside";

/** Reads `NAME=PLACE`. @throws DrayError `DRAY_MIRROR_INVALID` */
export function parseMirror(text: string): MirrorRule {
  const equals = text.indexOf("=");
  if (equals === -1) throw invalid(text, "expected NAME=PLACE, found no =");
  return mirrorRule({ from: text.slice(0, equals), to: [text.slice(equals + 1)], only: false });
}

/** @throws DrayError `DRAY_MIRROR_INVALID` */
export function mirrorRule({
  from,
  to,
  only,
}: {
  readonly from: string;
  readonly to: readonly string[];
  readonly only: boolean;
}): MirrorRule {
  if (to.length === 0) throw invalid(from, "expected at least one place, found none");
  return {
    prefix: readPrefix(from),
    mirrors: to.map((place) => (place.trim() === INSIDE ? INSIDE : mirrorAt(place))),
    only,
  };
}

/** A mirror that is asked for everything. @throws DrayError `DRAY_MIRROR_INVALID` */
export function mirrorAt(place: string): Mirror {
  return { location: readPlace(place), isInsecure: false, serves: "all" };
}

/** What names have to begin with: a place, or all below a domain. */
export function readPrefix(text: string): string {
  if (!text.startsWith("*.")) return readPlace(text);
  const domain = text.slice(2);
  if (isRegistryHost(domain) && !domain.includes(":")) return text.toLowerCase();
  throw invalid(text, `${JSON.stringify(domain)} is no domain`);
}

/** `HOST[:PORT][/PATH]`, with Docker Hub's names for itself as one. */
function readPlace(text: string): string {
  const plain = text
    .trim()
    .replace(/^(?:oci|docker|https):\/\//, "")
    .replace(/\/+$/, "");
  const [host = "", ...path] = plain.split("/");
  if (!isRegistryHost(host) || hostOf(`${host}/x`) === undefined) {
    throw invalid(text, `${JSON.stringify(host)} is not a host[:port]`);
  }
  const registry = /^(?:index\.|registry-1\.)?docker\.io$/.test(host) ? "docker.io" : host;
  const problem = path.length === 0 ? undefined : pathProblem(path.join("/"), registry);
  if (problem !== undefined) throw invalid(text, problem);
  return [registry, ...path].join("/");
}

/** A whole name may have a tag or digest. */
function pathProblem(path: string, registry: string): string | undefined {
  return repositoryProblem(path.replace(/@.*$|:[^/]*$/, ""), registry);
}

function invalid(text: string, reason: string): DrayError {
  return new DrayError(
    "DRAY_MIRROR_INVALID",
    `Cannot use mirror ${JSON.stringify(text.slice(0, 300))}: ${reason}`,
    {
      kind: "usage",
      hint: "Write it as docker.io=harbor.corp/dockerhub, or VENDOR/PATH=inside where the real name stands behind.",
    },
  );
}
