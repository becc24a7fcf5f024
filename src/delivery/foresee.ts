import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import { MAP_MODES, type MapMode } from "./mapping.ts";
import { nameAt, nameProblems, type Nameable, type PushTarget } from "./names.ts";

/** The shortest name that a registry can have: what is too long for it is too long for all. */
const ANY_TARGET: PushTarget = { registry: "r", prefix: "" };

/** What is known of a push before it is known where to: for those who can still change something. */
export function foreseePush(all: readonly Nameable[]): Finding[] {
  // That something has no name but its digest is said where it is looked for.
  const items = all.filter(({ reference, digest }) => reference !== digest);
  const unreadable = items.filter((item) => !hasReference(item));
  const findings: Finding[] = unreadable.map(({ reference }) => ({
    code: "REFERENCE_INVALID",
    severity: "error",
    entry: reference,
    message: `${JSON.stringify(reference.slice(0, 300))} is no reference: nothing can be pushed under it`,
    hint: "Pack it again under a name: registry/repository:tag.",
  }));
  const readable = items.filter((item) => !unreadable.includes(item));
  return [...findings, ...lowered(readable), ...troubles(readable)];
}

function hasReference(item: Nameable): boolean {
  try {
    nameAt(item, { target: ANY_TARGET, mapping: {} });
    return true;
  } catch (error) {
    if (error instanceof DrayError) return false;
    throw error;
  }
}

/** Charts that helm has to pull under another name than their own now, by where they went. */
export function renamedCharts(
  items: readonly Nameable[],
  pushed: readonly { readonly reference: string; readonly target: string }[],
): Finding[] {
  const targets = new Map(pushed.map(({ reference, target }) => [reference, target]));
  return lowered(items).filter(({ entry = "", wanted = "" }) =>
    targets.get(entry)?.includes(`/${wanted}:`),
  );
}

/** Charts that go under another name than their own, as no registry takes capitals. */
function lowered(items: readonly Nameable[]): Finding[] {
  return items.flatMap(({ kind, reference, name = "" }) =>
    kind === "chart" && name !== name.toLowerCase() ? [loweredName(reference, name)] : [],
  );
}

function loweredName(reference: string, name: string): Finding {
  return {
    code: "CHART_NAME_LOWERED",
    severity: "warning",
    entry: reference,
    wanted: name.toLowerCase(),
    message: `No registry takes capitals: chart ${name} is pushed as ${name.toLowerCase()}, which is what helm has to pull`,
    hint: "A rule in --map-file gives it another name.",
  };
}

/** One finding for the default rule, one for the others, each with what helps. */
function troubles(items: readonly Nameable[]): Finding[] {
  const byMode = MAP_MODES.map((mode) => ({ mode, problems: problemsUnder(mode, items) }));
  const good = byMode.filter(({ problems }) => problems.length === 0).map(({ mode }) => mode);
  const hint =
    good.length === 0
      ? "Give names of your own with rules in --map-file."
      : `Push with --map ${good.join(" or ")}, or with rules of your own.`;
  return byMode.flatMap(({ mode, problems }) => {
    if (problems.length === 0) return [];
    const message = `Cannot be pushed with --map ${mode}: ${problems.join("; ")}`;
    const isDefault = mode === "drop-host";
    return [{ code: "PLAN_INVALID", severity: isDefault ? "warning" : "info", message, hint }];
  });
}

function problemsUnder(mode: MapMode, items: readonly Nameable[]): string[] {
  return nameProblems(items, { target: ANY_TARGET, mapping: { mode } });
}
