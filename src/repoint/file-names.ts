import type { Chart } from "../chart/chart.ts";
import type { ValueSet } from "../helm/values/user-values.ts";

/** A set of values, and what its files are called. */
export interface NamedSet {
  readonly valueSet: ValueSet;
  /** Without its ending. */
  readonly file: string;
}

/** Two versions of one chart go into files of their own. */
export function fileNameOf({ metadata: { name, version } }: Chart, all: readonly Chart[]): string {
  const isAlone = all.filter(({ metadata }) => metadata.name === name).length === 1;
  return isAlone ? name : `${name}-${version}`;
}

/** Each of several sets goes into files of its own. */
export function namedSets(sets: readonly ValueSet[] = [{}], file: string): NamedSet[] {
  if (sets.length < 2) return sets.map((valueSet) => ({ valueSet, file }));
  return sets.map((valueSet, index) => ({ valueSet, file: `${file}.${index + 1}` }));
}
