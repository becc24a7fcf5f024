import type { BundleArtifact } from "../bundle/format.ts";
import type { LayoutGraph, Root } from "../content/graph.ts";
import { DrayError } from "../errors.ts";
import {
  isRegistryHost,
  repositoryProblem,
  hasLogin,
  LOGIN_HINT,
  withoutLogin,
} from "../oci/reference.ts";
import {
  nameAt,
  requireNames,
  type Destination,
  type PushTarget,
  type TargetName,
} from "./names.ts";

/** One artifact and the name that it gets. */
export interface PlannedPush extends TargetName {
  readonly kind: BundleArtifact["kind"];
  readonly reference: string;
  readonly root: Root;
}

/** Reads `REGISTRY[/PREFIX]`. @throws DrayError `DRAY_TARGET_INVALID` */
export function parseTarget(text: string): PushTarget {
  const plain = text.replace(/^(?:oci|docker|https):\/\//, "").replace(/\/+$/, "");
  const slash = plain.indexOf("/");
  const registry = slash === -1 ? plain : plain.slice(0, slash);
  const prefix = slash === -1 ? "" : plain.slice(slash + 1);
  const problem = targetProblem(registry, prefix);
  if (problem === undefined) return { registry, prefix };
  const shown = JSON.stringify(withoutLogin(text));
  throw new DrayError("DRAY_TARGET_INVALID", `Cannot push to ${shown}: ${problem}`, {
    kind: "usage",
    hint: hasLogin(text)
      ? LOGIN_HINT
      : "Write REGISTRY[:PORT][/PREFIX], such as registry.example.com/mirror.",
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
  artifacts: readonly BundleArtifact[],
  graph: LayoutGraph,
  destination: Destination,
): PlannedPush[] {
  requireNames(artifacts, destination);
  return artifacts.map((artifact) => planOne(artifact, graph, destination));
}

function planOne(
  artifact: BundleArtifact,
  { roots }: LayoutGraph,
  destination: Destination,
): PlannedPush {
  const { kind, reference } = artifact;
  const root = roots.find((candidate) => candidate.name === reference);
  if (root === undefined) throw new Error("a validated bundle has a root for every artifact");
  return { kind, reference, root, ...nameAt(artifact, destination) };
}
