import type { Brand } from "./brand.ts";

/** What a registry has refused, and which registry that is. */
export interface Refused {
  readonly brand: Brand | undefined;
  /** As the user writes it. */
  readonly registry: string;
  readonly origin: URL;
  readonly repository: string;
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string;
  /** It is a page for people, which somebody in between may have written. */
  readonly isPage: boolean;
}

/**
 * What helps somebody whom a registry refuses to push: the cause that this registry has for such an
 * answer, and a command line that removes it. Undefined where nothing is known.
 */
export function wayOut(refused: Refused): string | undefined {
  const { brand, code, message } = refused;
  const isOfType =
    code === "MANIFEST_INVALID" && /media.?type|config type|artifact type/i.test(message);
  if (!isOfType) return byBrand(refused);
  return brand === undefined ? undefined : TYPE_HINTS[brand];
}

const TYPE_HINTS: Readonly<Partial<Record<Brand, string>>> = {
  gitlab:
    "GitLab takes only media types of its list. Leave this one out with --exclude, or ask whoever runs it for a newer version.",
  quay: "Whoever runs this Quay allows it in config.yaml: FEATURE_GENERAL_OCI_SUPPORT: true, and the type in ALLOWED_OCI_ARTIFACT_TYPES. Until then: --exclude.",
};

function byBrand(refused: Refused): string | undefined {
  const { brand, status, code } = refused;
  const isName =
    code === "NAME_INVALID" || code === "NAME_UNKNOWN" || status === 404 || status === 405;
  if (!isName && status !== 400 && status !== 401 && status !== 403) return undefined;
  return brand === undefined ? ofNobody(refused, isName) : BRANDS[brand](refused, isName);
}

/** Of those that do not show what they are. */
function ofNobody(
  { code, status, repository, registry, isPage }: Refused,
  isName: boolean,
): string | undefined {
  if (!isName || isPage) return undefined;
  if (status === 405) {
    return `${registry} lets nothing be written here: it is read-only (maintenance, a replica, a cache of another registry), or makes no repository ${repository} by itself. Whoever runs it knows which.`;
  }
  if (code === "NAME_INVALID") return `It takes no such name. ${FLATTEN}`;
  return `${registry} makes no repository ${repository} by itself: have it made, or the project that its name begins with, or push to a path that is there. --list-repositories names all of them.`;
}

const FLATTEN = "Names of one part only: --map flatten; names of your own: --map-file.";

type Hint = (refused: Refused, isName: boolean) => string | undefined;

const BRANDS: Readonly<Record<Brand, Hint>> = {
  harbor({ registry, origin, repository, status, message }, isName) {
    const { first, rest } = parts(repository);
    if (rest.length === 0)
      return `Harbor wants a project before the name: push to ${registry}/PROJECT.`;
    const make = `curl -u USER -X POST -H "Content-Type: application/json" -d '{"project_name":"${first}","metadata":{"public":"false"}}' ${origin.origin}/api/v2.0/projects`;
    if (isName || /project.*not found/i.test(message)) {
      return `Harbor has no project "${first}". This makes it: ${make}`;
    }
    if (status === 400) return undefined;
    return `Harbor has no project "${first}", or this account may not push to it (it takes the role of a developer, or a robot with the right to push). This makes the project: ${make}`;
  },
  quay({ registry, origin, repository, code }, isName) {
    const { first, rest } = parts(repository);
    if (rest.length === 0)
      return `Quay wants an organization before the name: push to ${registry}/ORGANIZATION.`;
    if (rest.length > 1 && (isName || code === "NAME_INVALID")) {
      return `This Quay takes no names inside names (FEATURE_EXTENDED_REPOSITORY_NAMES): push to ${registry}/${first} with --map flatten.`;
    }
    return `Quay has no organization "${first}", or this account may not make repositories in it. This makes it: curl -X POST -H "Authorization: Bearer TOKEN" -H "Content-Type: application/json" -d '{"name":"${first}"}' ${origin.origin}/api/v1/organization/`;
  },
  gitlab({ registry, repository }) {
    const { first, rest } = parts(repository);
    const [second] = rest;
    if (second === undefined)
      return `GitLab wants a group and a project before the name: push to ${registry}/GROUP/PROJECT.`;
    const project = `${first}/${second}`;
    const deep =
      rest.length > 3
        ? ` Behind the project it takes two more parts, and ${repository} has more: push with --map flatten.`
        : "";
    return `GitLab has no project whose path ${repository} begins with (${project}, or one in a group below), or this login may not write to it (a token takes write_registry).${deep} This makes the project: curl -X POST -H "PRIVATE-TOKEN: TOKEN" "https://GITLAB/api/v4/projects?path=${second}&namespace_id=ID-OF-${first}"`;
  },
  nexus({ registry, repository, message }, isName) {
    const { first } = parts(repository);
    if (/group/i.test(message))
      return `${first} is a group, which is only pulled from: push to a hosted repository, by its own port or as ${hostOf(registry)}/REPOSITORY.`;
    if (/does not allow updating|redeploy|read.?only/i.test(message))
      return "This repository of Nexus does not let anything be written over or is read-only: its deployment policy says so.";
    if (!isName)
      return `This account lacks the right nx-repository-view-docker-REPOSITORY-edit (and -add) in Nexus.`;
    return `Nexus has no hosted docker repository here. By path (3.83 and newer, where it is turned on) the name begins with that of the repository: push to ${registry}/REPOSITORY. Else each has a port of its own: push to ${hostOf(registry)}:PORT.`;
  },
  artifactory({ registry, origin, repository }, isName) {
    const { first } = parts(repository);
    if (!isName)
      return `This account lacks the right to deploy to "${first}" in Artifactory, or to delete there, which moving a tag takes; or "${first}" is a virtual repository without a default one to deploy to.`;
    return `Artifactory has no docker repository "${first}". By path the name begins with its key: push to ${registry}/KEY; by sub-domain: KEY.${hostOf(registry)}. This makes one: curl -u USER -X PUT -H "Content-Type: application/json" -d '{"rclass":"local","packageType":"docker"}' ${origin.origin}/artifactory/api/repositories/${first}`;
  },
  ecr({ registry, repository }, isName) {
    if (!isName) return undefined;
    const region = /ecr(?:-fips)?\.([a-z0-9-]+)\./.exec(registry)?.[1] ?? "REGION";
    return `This makes it: aws ecr create-repository --region ${region} --repository-name ${repository}; --list-repositories=aws prints that for all.`;
  },
  gar({ registry, repository }, isName) {
    if (!isName) return undefined;
    const { first, rest } = parts(repository);
    const [location = "LOCATION"] = registry.split("-docker.pkg.dev");
    return `Artifact Registry wants a repository made below the project. This makes it: gcloud artifacts repositories create ${rest[0] ?? "REPOSITORY"} --project=${first} --location=${location} --repository-format=docker`;
  },
  "docker-hub"({ repository }) {
    const { first, rest } = parts(repository);
    if (rest.length > 1)
      return `Docker Hub takes no names inside names: push to docker.io/${first} with --map flatten.`;
    return `Docker Hub lets an account push to its own namespace and its organizations alone: "${first}" is none of them, or the token has no right to write.`;
  },
};

function parts(repository: string): { first: string; rest: readonly string[] } {
  const [first = repository, ...rest] = repository.split("/");
  return { first, rest };
}

function hostOf(registry: string): string {
  return registry.replace(/:\d+$/, "");
}
