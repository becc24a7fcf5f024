import type { ArtifactKind, BundleArtifact } from "../bundle/format.ts";
import type { LayoutGraph, Root } from "../content/graph.ts";
import { chartTag } from "../chart/chart-yaml.ts";
import { DrayError } from "../errors.ts";
import {
  isRegistryHost,
  parseReference,
  repositoryProblem,
  hasLogin,
  LOGIN_HINT,
  withoutLogin,
} from "../oci/reference.ts";
import { mapRepository, type Mapping } from "./mapping.ts";

/** Where a bundle goes: `registry.example.com:5000/mirror`. */
export interface PushTarget {
  readonly registry: string;
  /** Path before every repository, `""` for none. */
  readonly prefix: string;
}

/** One artifact and the name that it gets. */
export interface PlannedPush {
  readonly kind: ArtifactKind;
  readonly reference: string;
  readonly root: Root;
  readonly repository: string;
  /** Undefined for what was asked for by digest alone. */
  readonly tag: string | undefined;
  /** `registry/repository:tag` or `registry/repository@digest`. */
  readonly target: string;
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
  { target, mapping }: { target: PushTarget; mapping: Mapping },
): PlannedPush[] {
  const plan = artifacts.map((artifact) => planOne(artifact, graph, { target, mapping }));
  const problems = [...invalidNames(plan, target), ...collisions(plan)];
  if (problems.length === 0) return plan;
  throw new DrayError("DRAY_PLAN_INVALID", `Cannot plan the push:\n  ${problems.join("\n  ")}`, {
    kind: "usage",
    hint: "Try --map keep-host, a shorter prefix, or rules of your own with --map-file.",
  });
}

function planOne(
  artifact: BundleArtifact,
  { roots }: LayoutGraph,
  { target, mapping }: { target: PushTarget; mapping: Mapping },
): PlannedPush {
  const { kind, reference, digest, name, version } = artifact;
  const root = roots.find((candidate) => candidate.name === reference);
  if (root === undefined) throw new Error("a validated bundle has a root for every artifact");
  const source = parseReference(reference);
  // Helm looks for a chart under its own name, wherever it came from.
  const isChart = kind === "chart" && name !== undefined && version !== undefined;
  const path = isChart ? name : mapRepository(source, mapping);
  const tag = isChart ? chartTag(version) : source.tag;
  const repository = target.prefix === "" ? path : `${target.prefix}/${path}`;
  const suffix = tag === undefined ? `@${digest}` : `:${tag}`;
  const full = `${target.registry}/${repository}${suffix}`;
  return { kind, reference, root, repository, tag, target: full };
}

function invalidNames(plan: readonly PlannedPush[], { registry }: PushTarget): string[] {
  return plan.flatMap(({ reference, repository }) => {
    const problem = repositoryProblem(repository, registry);
    return problem === undefined ? [] : [`${reference}: ${problem}`];
  });
}

/** Two different things must not get one name; the same thing twice may. */
function collisions(plan: readonly PlannedPush[]): string[] {
  const taken = new Map<string, PlannedPush>();
  const problems: string[] = [];
  for (const item of plan) {
    const other = taken.get(item.target);
    if (other !== undefined && other.root.descriptor.digest !== item.root.descriptor.digest) {
      problems.push(`${other.reference} and ${item.reference} would both become ${item.target}`);
    }
    taken.set(item.target, item);
  }
  return problems;
}
