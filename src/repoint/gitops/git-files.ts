import type { OutputFolder } from "../output-folder.ts";
import type { RepointTerms } from "../repoint-terms.ts";
import { argoApplication } from "./argo.ts";
import { fluxKustomization, fluxRelease } from "./flux.ts";
import { gitRelease, type GitParts, type GitRelease } from "./git-release.ts";

/** What is the same for every chart. */
interface GitWork {
  readonly terms: RepointTerms;
  readonly folder: OutputFolder;
  readonly releases: GitRelease[];
}

type ChartParts = Omit<GitParts, "folder" | "pullSecret" | "connection">;

/** Adds the release for each controller that it was wished for, and gives back the paths. */
export async function addGitFiles(
  parts: ChartParts,
  { terms, folder, releases }: GitWork,
): Promise<string[]> {
  const { git = [], output = ".", pullSecret, connection = {} } = terms;
  if (git.length === 0) return [];
  const release = await gitRelease({
    ...parts,
    folder: output,
    pullSecret: pullSecret?.name,
    connection,
  });
  releases.push(release);
  const flux = git.includes("flux")
    ? [folder.add(`flux/${release.file}.yaml`, fluxRelease(release))]
    : [];
  const argo = git.includes("argo")
    ? [folder.add(`argo/${release.file}.yaml`, argoApplication(release))]
    : [];
  return [...flux, ...argo];
}

/** Adds what makes the values of all releases known to Flux. */
export function addKustomization({ terms, folder, releases }: GitWork): string[] {
  if (terms.git?.includes("flux") !== true) return [];
  return [folder.add("kustomization.yaml", fluxKustomization(releases))];
}
