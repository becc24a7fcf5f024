import { plural } from "./table.ts";
import type { DiscoveredImage, Evidence } from "../index.ts";

/** Why an image has its class, in few words. */
export function reasonFor({ evidence, optionalBy, class: kind }: DiscoveredImage): string {
  const [way, ...others] = optionalBy;
  if (kind === "optional" && way !== undefined) {
    const more = others.length === 0 ? "" : ` (or ${plural(others.length, "other way")})`;
    return `${way.join(" and ")}${more}`;
  }
  const [best] = evidence;
  return best === undefined ? "" : placeOf(best);
}

/** One place that speaks of an image: what, where, and under which conditions. */
export function formatEvidence(evidence: Evidence): string {
  const { file, line, when = [] } = evidence;
  const at = file === undefined ? "" : ` (${line === undefined ? file : `${file}:${line}`})`;
  const condition = when.length === 0 ? "" : `, with ${when.join(" and ")}`;
  return `${evidence.source}: ${placeOf(evidence)}${at}${condition}`;
}

function placeOf({ object, where, valuesPath, hooks = [], file }: Evidence): string {
  const place = [object, where].filter((part) => part !== undefined).join(", ");
  const hook = hooks.length === 0 ? "" : ` (${hooks.join(", ")})`;
  return `${place || valuesPath || file || ""}${hook}`;
}
