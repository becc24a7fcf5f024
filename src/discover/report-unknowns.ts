import { shownPath } from "../chart/chart.ts";
import { LOST } from "../helm/template/frame.ts";
import type { Problem } from "../helm/template/problem.ts";
import { formatPath } from "../helm/values/path.ts";
import type { ValuesSchemas } from "../helm/values/schema.ts";
import type { Visited } from "./add-values.ts";
import type { Collector } from "./collector.ts";
import type { RenderedImages } from "./rendered-images.ts";
import { formatSwitches, type Switch } from "./switches.ts";

/** Templates that could not be evaluated, and values that the chart itself refuses. */
export function reportProblems(
  problems: readonly Problem[],
  when: readonly string[],
  collector: Collector,
): void {
  const needed = when.length === 0;
  const suffix = needed ? "" : ` (with ${when.join(", ")})`;
  const said = { needed, suffix };
  reportRequired(
    problems.filter(({ path }) => path !== undefined),
    said,
    collector,
  );
  const others = problems.filter(({ path }) => path === undefined);
  for (const { file, line, reason, refused } of reportUndefined(causes(others), said, collector)) {
    collector.unknown({
      code: refused ? "VALUES_REFUSED" : "TEMPLATE_NOT_EVALUATED",
      needed,
      message: refused
        ? `the chart refuses these values: ${reason.trim()}${suffix}`
        : `could not evaluate ${file}:${line}: ${reason}${suffix}`,
      file,
      line,
    });
  }
}

/** A refusal is said once, whichever file asks for it, and what only follows from another failure not at all. */
function causes(problems: readonly Problem[]): readonly Problem[] {
  const refusals = new Set<string>();
  return problems.filter(({ reason, refused }) => {
    if (!refused) return !reason.endsWith(LOST);
    const isSaid = refusals.has(reason);
    refusals.add(reason);
    return !isSaid;
  });
}

const UNDEFINED = /template "([^"]+)" not defined$/;

/** Names that one message lists. */
const MAX_NAMES = 8;

/** Where a chart of helpers is missing, all that calls them fails for one reason, which is said once. */
function reportUndefined(
  problems: readonly Problem[],
  { needed, suffix }: { readonly needed: boolean; readonly suffix: string },
  collector: Collector,
): readonly Problem[] {
  const calls = problems.filter(({ reason }) => UNDEFINED.test(reason));
  const [first] = calls;
  if (first === undefined || calls.length === 1) return problems;
  const names = [...new Set(calls.map(({ reason }) => UNDEFINED.exec(reason)?.[1] ?? ""))];
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
  const { file, line } = first;
  const message = `could not evaluate ${calls.length} places, ${file}:${line} and others: no chart in it defines the templates that they call, ${names.toSorted().slice(0, MAX_NAMES).join(", ")}${more}${suffix}`;
  collector.unknown({ code: "TEMPLATE_NOT_EVALUATED", needed, message, file, line });
  return problems.filter(({ reason }) => !UNDEFINED.test(reason));
}

/** All that the chart asks for, so that nobody has to find it out one by one. */
function reportRequired(
  required: readonly Problem[],
  { needed, suffix }: { needed: boolean; suffix: string },
  collector: Collector,
): void {
  const [first] = required;
  if (first === undefined) return;
  const paths = [...new Set(required.map(({ path = [] }) => formatPath(path)))].toSorted();
  const reasons = [...new Set(required.map(({ reason }) => reason.trim()))];
  const { file, line } = first;
  const message = `give ${paths.join(", ")}: the chart requires ${paths.length === 1 ? "it" : "them"} (${reasons.join("; ")})${suffix}`;
  collector.unknown({ code: "VALUES_REFUSED", needed, message, file, line });
}

type Others = Pick<RenderedImages, "blanks" | "broken">;

/** Containers without a readable image, and documents that are no YAML. */
export function reportOthers(all: readonly Others[], collector: Collector): void {
  reportBlanks(
    all.flatMap(({ blanks }) => blanks),
    collector,
  );
  for (const { reason, ...place } of all.flatMap(({ broken }) => broken)) {
    const message = `could not read what ${place.file} prints: ${reason}`;
    collector.unknown({ code: "TEMPLATE_NOT_EVALUATED", needed: true, message, ...place });
  }
}

/** Containers that have the same in the place of an image are named together: mostly one thing is behind it. */
function reportBlanks(blanks: Others["blanks"], collector: Collector): void {
  const byText = new Map<string, Others["blanks"][number][]>();
  for (const blank of blanks) {
    const { text = "" } = blank;
    byText.set(text, [...(byText.get(text) ?? []), blank]);
  }
  for (const [text, [first, ...others]] of byText) {
    if (first === undefined) continue;
    const { file, line } = first;
    const names = [first, ...others].map(({ object, where }) => `${object}, ${where}`);
    const more = names.length > MAX_NAMES ? `; ${names.length - MAX_NAMES} more` : "";
    const message = `${names.slice(0, MAX_NAMES).join("; ")}${more}: expected an image, found ${JSON.stringify(text)}`;
    const place = line === undefined ? { file } : { file, line };
    collector.unknown({ code: "IMAGE_NOT_DERIVED", needed: true, message, ...place });
  }
}

/** Dependencies that these values want and the charts do not hold, and those that they leave out. */
export function reportMissing(visited: readonly Visited[], collector: Collector): void {
  for (const { instance, when } of visited) {
    for (const { name, version, repository } of instance.chart.missing) {
      const isWanted = instance.missing.some((one) => one.name === name);
      const from = repository === null || repository === undefined ? "" : ` from ${repository}`;
      // Of what a dependency lacks in its turn Helm says nothing.
      const isAsked = isWanted && instance.path.length === 0;
      const rest = !isWanted
        ? ", which is switched off"
        : isAsked
          ? ""
          : ", and Helm installs it without";
      collector.unknown({
        code: "DEPENDENCY_MISSING",
        needed: isAsked && when.length === 0,
        message: `the chart does not hold its dependency ${name} ${version ?? ""}${from}${rest}`,
        file: shownPath(instance.chart, "Chart.yaml"),
      });
    }
  }
}

/** Schemas of values that say nothing, because they cannot be used. */
export function reportSchemas({ unusable }: ValuesSchemas, collector: Collector): void {
  for (const [file, reason] of unusable) {
    const message = `values were not checked against ${file}, and nothing it refers to was fetched: ${reason}`;
    collector.unknown({ code: "SCHEMA_NOT_CHECKED", needed: false, message, file });
  }
}

/** Settings of one try that are named, where there are some more of them. */
const MAX_TOGETHER = 3;

/** Says which settings the budget did not last for, or which are too many, with those turned `before`. */
export function reportUntried(
  untried: readonly (readonly Switch[])[],
  before: readonly Switch[],
  collector: Collector,
): void {
  if (untried.length === 0) return;
  const names = [...new Set(untried.map(formatTogether))].slice(0, MAX_NAMES);
  const more = untried.length > names.length ? ` and ${untried.length - names.length} more` : "";
  const suffix = before.length === 0 ? "" : ` (with ${formatSwitches(before).join(", ")})`;
  collector.unknown({
    code: "BUDGET_SPENT",
    needed: false,
    message: `optional images may be missing: not tried are ${names.join(", ")}${more}${suffix}`,
  });
}

function formatTogether(switches: readonly Switch[]): string {
  const all = formatSwitches(switches);
  const others = all.length - MAX_TOGETHER;
  if (others < 2) return all.join(" and ");
  return [...all.slice(0, MAX_TOGETHER), `${others} other settings`].join(" and ");
}
