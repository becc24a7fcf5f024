import type { UsableBundle } from "../bundle/opened.ts";
import type { Source } from "../content/content.ts";
import { byName, type Root } from "../content/graph.ts";
import type { BundleArtifact } from "../bundle/format.ts";
import { DrayError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import {
  hostHint,
  isRegistryHost,
  repositoryProblem,
  hasLogin,
  LOGIN_HINT,
  parseReference,
  withoutLogin,
} from "../oci/reference.ts";
import {
  keepTag,
  nameAt,
  requireNames,
  type Destination,
  type Nameable,
  type PushTarget,
  type TargetName,
} from "./names.ts";

/** One artifact that is to be delivered. */
export interface Deliverable extends Nameable {
  readonly digest: Digest;
  readonly root: Root;
  readonly source: Source;
  /** Of charts: what they pull; undefined where nobody has looked. */
  readonly images?: readonly string[] | undefined;
}

/** One artifact and the name that it gets. */
export interface PlannedPush extends Deliverable, TargetName {}

/** Reads `REGISTRY[/PREFIX]`. @throws DrayError `DRAY_TARGET_INVALID` */
export function parseTarget(text: string): PushTarget {
  const plain = text.replace(/^(?:oci|docker|https):\/\//, "").replace(/\/+$/, "");
  const slash = plain.indexOf("/");
  const registry = slash === -1 ? plain : plain.slice(0, slash);
  const prefix = slash === -1 ? "" : plain.slice(slash + 1);
  const problem = targetProblem(registry, prefix);
  if (problem === undefined) return { registry, prefix };
  const shown = JSON.stringify(withoutLogin(text));
  throw new DrayError("DRAY_TARGET_INVALID", `Cannot take ${shown} for a target: ${problem}`, {
    kind: "usage",
    hint: hasLogin(text)
      ? LOGIN_HINT
      : (hostHint(registry) ??
        "Write REGISTRY[:PORT][/PREFIX], such as registry.example.com/mirror."),
  });
}

/**
 * As `parseTarget`, for whoever means to write there. Amazon's public gallery takes logins of a kind of
 * its own, which dray does not get, and makes no repository for a push.
 */
export function parsePushTarget(text: string): PushTarget {
  const target = parseTarget(text);
  if (!/^public\.ecr\.aws(?::443)?$/i.test(target.registry)) return target;
  const what = `${JSON.stringify(target.registry)} is only pulled from by dray`;
  throw new DrayError("DRAY_TARGET_INVALID", `Cannot push to ${formatTarget(target)}: ${what}`, {
    kind: "usage",
    hint: "Push to a private registry of Amazon ECR, ACCOUNT.dkr.ecr.REGION.amazonaws.com, or to any other registry.",
  });
}

/** `REGISTRY[/PREFIX]` */
export function formatTarget({ registry, prefix }: PushTarget): string {
  return prefix === "" ? registry : `${registry}/${prefix}`;
}

function targetProblem(registry: string, prefix: string): string | undefined {
  if (`${registry}/${prefix}`.includes("@")) return "a login has no place in it";
  if (/[<>]/.test(registry + prefix)) return "it still has a placeholder in it";
  if (!isRegistryHost(registry)) return `${JSON.stringify(registry)} is not a host[:port]`;
  return prefix === "" ? undefined : repositoryProblem(prefix, registry);
}

/**
 * Gives every artifact its name at the target. Nothing is asked and nothing is sent.
 * @throws DrayError `DRAY_PLAN_INVALID`, with everything that is wrong
 */
export function planPush(
  artifacts: readonly Deliverable[],
  destination: Destination,
): PlannedPush[] {
  requireNames(artifacts, destination);
  return artifacts.map((artifact) => planned(artifact, destination));
}

/** One artifact with the name that it gets, or would get. */
export function planned(artifact: Deliverable, destination: Destination): PlannedPush {
  const name = nameAt(artifact, destination);
  // A registry keeps what refers to something as long as that, and so does the list of it.
  const isKept = artifact.root.manifest.subject !== undefined;
  const needsTag = destination.keepTags === true && !isKept;
  const kept = needsTag ? keepTag(artifact.digest) : undefined;
  return { ...artifact, ...name, tag: name.tag ?? kept };
}

export interface RepositoryList {
  readonly registry: string;
  /** In alphabetical order, each once. */
  readonly repositories: readonly string[];
}

/** The repositories that a plan needs, for whoever has to make them. */
export function repositoriesOf(
  plan: readonly PlannedPush[],
  { target: { registry } }: Destination,
): RepositoryList {
  const names = new Set(plan.map(({ repository }) => repository));
  return { registry, repositories: [...names].toSorted() };
}

/** An artifact as it is described, its graph, and what has its content. */
export interface Stocked {
  readonly artifact: BundleArtifact;
  readonly root: Root;
  readonly source: Source;
}

/** What a bundle has to deliver, with `source` as the one that has its content. */
export function deliverables(
  { contents, graph }: Pick<UsableBundle, "contents" | "graph">,
  source: Source,
): Deliverable[] {
  const roots = byName(graph);
  const stock = contents.artifacts.map((artifact) => {
    const root = roots.get(artifact.reference);
    if (root === undefined) throw new Error("a validated bundle has a root for every artifact");
    return { artifact, root, source };
  });
  return deliverablesOf(stock);
}

/** What is delivered of all that there is, wherever its content comes from. */
export function deliverablesOf(stock: readonly Stocked[]): Deliverable[] {
  return stock.map(({ artifact, root, source }) => {
    const chart = artifact.kind === "referrer" ? chartBehind(artifact, stock) : artifact;
    return { ...artifact, name: chart?.name, root, source };
  });
}

/** The chart that a referrer is about, if it is about one. */
function chartBehind(
  { subject, reference }: BundleArtifact,
  stock: readonly Stocked[],
): BundleArtifact | undefined {
  if (subject === undefined) return undefined;
  const place = placeOf(reference);
  return stock.find(
    ({ artifact: one, root }) =>
      one.kind === "chart" && placeOf(one.reference) === place && root.blobs.has(subject),
  )?.artifact;
}

function placeOf(reference: string): string {
  const { registry, repository } = parseReference(reference);
  return `${registry}/${repository}`;
}
