import { all } from "../content/concurrency.ts";
import type { Finding } from "../finding.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { ReferrerChoice } from "./recipe/locked-referrer.ts";
import type { Resolved } from "./resolve.ts";
import type { Sources } from "./sources.ts";
import { Surroundings, type ResolvedReferrer, type Vouching } from "./surroundings.ts";

export interface FoundReferrers {
  readonly referrers: readonly ResolvedReferrer[];
  /** One for everything that was asked about, in its order. */
  readonly vouching: readonly Vouching[];
}

/**
 * Finds what refers to everything that registries have given: to indexes, to the images in them, and to
 * what was found. With a lock it is what the lock says, and no registry is asked.
 */
export async function findReferrers(
  resolved: readonly Resolved[],
  choice: ReferrerChoice,
  sources: Sources,
): Promise<FoundReferrers> {
  if (choice === "none") return { referrers: [], vouching: [] };
  const surroundings = new Map<string, Surroundings>();
  const placed = resolved.flatMap((one) => {
    const { home } = one;
    if (home === undefined) return [];
    const { registry, repository } = referenceOf(one);
    const key = `${registry}/${repository} ${home.name} ${home.repository}`;
    const place = { registry, repository };
    const around = surroundings.get(key) ?? new Surroundings({ place, home }, choice, sources);
    surroundings.set(key, around);
    around.add(one);
    return [{ one, around }];
  });
  await all([...surroundings.values()].map((around) => around.explore()));
  const referrers = [...surroundings.values()].flatMap(({ found }) => [...found.values()]);
  // In the order of names, and not of answers.
  referrers.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { referrers, vouching: placed.map(({ one, around }) => around.vouchingFor(one)) };
}

/** What could not be asked is no reason to stop, and never passed over. */
export function unaskedFindings(vouching: readonly Vouching[]): Finding[] {
  const byProblem = new Map<string, string[]>();
  for (const { reference, problems } of vouching) {
    for (const problem of problems) {
      byProblem.set(problem, [...(byProblem.get(problem) ?? []), reference]);
    }
  }
  return [...byProblem].map(([problem, references]) => ({
    code: "REFERRERS_UNKNOWN",
    severity: "warning",
    message: `signatures and the like of ${[...new Set(references)].join(", ")} may be missing: ${problem}`,
    hint: "Pack again when the registry answers, or say `referrers: none` in bundle.yaml.",
  }));
}

/** Charts of registries are asked for with a scheme. */
function referenceOf({ name }: Resolved): Reference {
  return parseReference(name.replace(/^oci:\/\//, ""));
}
