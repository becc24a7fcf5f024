import type { TransportResponse } from "../http/transport.ts";
import { parseChallenges } from "./challenge.ts";

/** Registries that want something of their own from whoever pushes to them. */
export type Brand =
  "artifactory" | "docker-hub" | "ecr" | "gar" | "gitlab" | "harbor" | "nexus" | "quay";

const HOSTS: readonly (readonly [RegExp, Brand])[] = [
  [/^docker\.io$/, "docker-hub"],
  [/^(?:.+\.)?quay\.io$/, "quay"],
  [/^registry\.gitlab\.com$/, "gitlab"],
  [/\.pkg\.dev$/, "gar"],
  [/\.jfrog\.io$/, "artifactory"],
  [
    /^\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.(?:aws|amazonwebservices\.com\.cn))$/,
    "ecr",
  ],
];

/** What a registry calls the service that it wants a token for, or where that is. */
const CHALLENGES: readonly (readonly [RegExp, Brand])[] = [
  [/harbor-registry|\/service\/token\b/, "harbor"],
  [/\/jwt\/auth\b/, "gitlab"],
  [/\/v2\/auth\b/, "quay"],
  [/sonatype nexus/i, "nexus"],
  [/artifactory/i, "artifactory"],
];

/** What a registry is, by its name, its headers and how it wants to be logged in to; undefined if it does not show. */
export function brandOf(registry: string, answer: TransportResponse): Brand | undefined {
  const [host = ""] = registry.split(":");
  const server = answer.header("server") ?? "";
  if (/^nexus\//i.test(server)) return "nexus";
  const isJfrog = ["x-jfrog-version", "x-artifactory-id"].some((name) => answer.header(name));
  if (isJfrog || /^artifactory/i.test(server)) return "artifactory";
  if (answer.header("x-harbor-csrf-token") !== undefined) return "harbor";
  const challenges = parseChallenges(answer.headers("www-authenticate"));
  const asked = challenges.flatMap(({ parameters }) => [...parameters.values()]).join(" ");
  const named = HOSTS.find(([pattern]) => pattern.test(host));
  return (named ?? CHALLENGES.find(([pattern]) => pattern.test(asked)))?.[1];
}
