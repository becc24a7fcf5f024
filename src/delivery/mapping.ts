import { DrayError } from "../errors.ts";
import { problemsOf } from "../oci/problems.ts";
import { z } from "../oci/schema.ts";
import { requireYaml } from "../oci/stranger.ts";
import { rulesSchema } from "./rules-schema.ts";
import { KeyPlaces } from "../yaml/places.ts";
import { readUserYaml } from "../yaml/texts.ts";

/** How a source repository becomes a target repository where no rule says otherwise. */
export type MapMode = "drop-host" | "keep-host" | "flatten";

export const MAP_MODES: readonly MapMode[] = ["drop-host", "keep-host", "flatten"];

/** Everything below `from` (host and path) goes below `to`. */
export interface MapRule {
  readonly from: string;
  readonly to: string;
}

/** How names change on the way to a target. */
export interface Mapping {
  /** Where no rule says otherwise. @default "drop-host" */
  readonly mode?: MapMode | undefined;
  /** The longest `from` wins. @default none */
  readonly rules?: readonly MapRule[] | undefined;
}

const schema = z.strictObject({ rules: rulesSchema });

/** Reads a file of rules. @throws DrayError `DRAY_MAPPING_INVALID` */
export function parseMapRules(text: string, path: string): readonly MapRule[] {
  const fail = (reason: string, cause?: unknown): DrayError =>
    new DrayError("DRAY_MAPPING_INVALID", `Cannot read rules ${JSON.stringify(path)}: ${reason}`, {
      kind: "usage",
      cause,
    });
  requireYaml(text, fail);
  const parsed = schema.safeParse(readUserYaml(text, fail));
  if (!parsed.success)
    throw fail(problemsOf(parsed.error, { schema, places: new KeyPlaces(text) }));
  return toRules(parsed.data.rules);
}

/** Rules as they were written, without the slashes that say nothing. */
export function toRules(rules: readonly MapRule[]): readonly MapRule[] {
  return rules.map(({ from, to }) => ({ from: trimmed(from), to: trimmed(to) }));
}

/** A repository at its source. */
interface SourceRepository {
  readonly registry: string;
  readonly repository: string;
}

/** The target repository of `registry/repository`, before the prefix of the target. */
export function mapRepository(
  source: SourceRepository,
  { mode = "drop-host", rules = [] }: Mapping,
): string {
  const { registry, repository } = source;
  const ruled = byRule(`${registry}/${repository}`, rules);
  if (ruled !== undefined) return ruled;
  if (mode === "flatten") return repository.slice(repository.lastIndexOf("/") + 1);
  return mode === "keep-host" ? withHost(source) : repository;
}

/**
 * The target repository of a chart. Helm looks for it under its own name, so that is what it gets, in
 * the lower case that registries want, unless a rule or `keep-host` says otherwise. One that was a
 * file, or came from a chart repository, has no `source`: for rules it is `charts/NAME`.
 */
export function mapChart(
  { name, source }: { name: string; source: SourceRepository | undefined },
  { mode = "drop-host", rules = [] }: Mapping,
): string {
  const full = source === undefined ? `charts/${name}` : `${source.registry}/${source.repository}`;
  const ruled = byRule(full, rules);
  if (ruled !== undefined) return ruled;
  return mode === "keep-host" && source !== undefined ? withHost(source) : name.toLowerCase();
}

/** By the rule that says most about it. */
function byRule(full: string, rules: readonly MapRule[]): string | undefined {
  const [rule] = rules
    .filter(({ from }) => full === from || full.startsWith(`${from}/`))
    .toSorted((a, b) => b.from.length - a.from.length);
  return rule === undefined ? undefined : trimmed(rule.to + full.slice(rule.from.length));
}

/** A port has no place in a repository name. */
function withHost({ registry, repository }: SourceRepository): string {
  return `${registry}/${repository}`.replace(":", "_").toLowerCase();
}

function trimmed(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}
