import type { RawEntry } from "./archive.ts";

/** Why an entry is refused, and what helps. */
export interface Refusal {
  readonly problem: string;
  readonly hint?: string;
}

/** What helps with an entry that is no regular file, by what it is called. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  SparseFile:
    "Unpack it with `tar -xf` and name the directory, or pack it again without `--sparse`; bsdtar needs `--no-read-sparse`.",
  ContinuationFile:
    "It is one volume of several: unpack all with `tar -xMf FIRST -f SECOND` and name the directory.",
  SymbolicLink: "Pack it again with `tar -h`, which puts the files in place of links to them.",
};

/** Why something is not taken for a regular file. */
export function refusedType({ name, kind, type, sameAs }: RawEntry): Refusal {
  if (kind === "file") return { problem: `expected a name, found ${JSON.stringify(name)}` };
  const problem = `expected a regular file, found ${type}`;
  if (sameAs !== undefined) {
    const first = JSON.stringify(sameAs.slice(0, 200));
    return {
      problem: `expected a hard link to a file before it, found one to ${first}`,
      hint: "Pack all files together: the one that it links to was left out or renamed.",
    };
  }
  const hint = WAYS_OUT[type];
  return hint === undefined ? { problem } : { problem, hint };
}
