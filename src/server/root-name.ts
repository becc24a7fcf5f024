import type { Descriptor } from "../oci/descriptor.ts";
import { Annotation } from "../oci/image-layout.ts";
import { isRegistryHost, parseReference, repositoryProblem } from "../oci/reference.ts";

/** A host to keep the grammar from guessing one; it counts in the length that a name may have. */
const ANY_HOST = "localhost";

export interface RootName {
  /** With its host, where the name has one. */
  readonly repository: string;
  /** Absent where the name has only a digest. */
  readonly tag: string | undefined;
}

/**
 * Under which name a root of `index.json` is served. containerd and Docker keep the full reference
 * in an annotation of their own and only the tag in the specified one.
 */
export function nameOf(root: Descriptor): RootName | undefined {
  const names = [Annotation.containerdName, Annotation.refName].map(
    (key) => root.annotations?.[key] ?? "",
  );
  for (const name of names) {
    const found = name === "" ? undefined : parseName(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Reads `[host/]repository[:tag][@digest]` as it stands: nothing becomes `docker.io/library/…`. */
function parseName(text: string): RootName | undefined {
  const { host, path } = splitHost(text);
  try {
    const { repository, tag } = parseReference(`${ANY_HOST}/${path}`);
    return { repository: host === undefined ? repository : `${host}/${repository}`, tag };
  } catch {
    return undefined;
  }
}

/** A first component is evidently a host if no other kind of name looks like it. */
export function splitHost(name: string): { host: string | undefined; path: string } {
  const slash = name.indexOf("/");
  const first = slash === -1 ? "" : name.slice(0, slash);
  const evident = /[.:]/.test(first) || first === "localhost";
  return evident && isRegistryHost(first)
    ? { host: first, path: name.slice(slash + 1) }
    : { host: undefined, path: name };
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
export function isRepositoryName(name: string): boolean {
  return repositoryProblem(name, ANY_HOST) === undefined;
}

/** What may be asked for: a repository, perhaps below the host and port that it came from. */
export function isServedName(name: string): boolean {
  return isRepositoryName(name) || isRepositoryName(splitHost(name).path);
}
