import { all } from "../content/concurrency.ts";
import { DrayError, type ErrorKind } from "../errors.ts";
import type { Run } from "../events.ts";

/** Something to be had, by what it is called, and who asks for it, if not the recipe itself. */
interface Wish {
  readonly name: string;
  readonly wantedBy?: string | undefined;
}

/**
 * Attempts every one of `wanted`, and fails with all that went wrong.
 * @throws DrayError `DRAY_PACK_UNRESOLVED`
 */
export async function tryEach<Wanted extends Wish, Found>(
  wanted: readonly Wanted[],
  { signal }: Run,
  attempt: (one: Wanted) => Promise<Found>,
): Promise<Found[]> {
  const outcomes = await all(
    wanted.map(async (one): Promise<{ found: Found } | Failure> => {
      try {
        return { found: await attempt(one) };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof DrayError) return { ...one, error };
        throw error;
      }
    }),
  );
  const failures = outcomes.filter((outcome) => "error" in outcome);
  if (failures.length > 0) throw unresolved(failures, wanted.length);
  return outcomes.flatMap((outcome) => ("found" in outcome ? [outcome.found] : []));
}

/** A reference that cannot be packed. */
interface Failure extends Wish {
  readonly error: DrayError;
}

function unresolved(failures: readonly Failure[], total: number): DrayError {
  const [first] = failures;
  const isAlone = first !== undefined && failures.length === 1;
  if (isAlone && first.wantedBy === undefined) return first.error;
  const reasons = [...new Set(failures.map(({ error }) => error.message))];
  const list = reasons.map((reason) => {
    const names = failures.filter(({ error }) => error.message === reason).map(named);
    return names.length === 1
      ? `\n  ${names[0]}: ${reason}`
      : `${names.map((name) => `\n  ${name}`).join("")}\n    ${reason}`;
  });
  return new DrayError(
    "DRAY_PACK_UNRESOLVED",
    `Cannot resolve ${failures.length} of ${total} references:${list.join("")}`,
    { kind: kindOf(failures), hint: hintFor(failures), cause: first?.error },
  );
}

/** What is not there, or is not what it should be, is incomplete; whoever did not answer has failed. */
function kindOf(failures: readonly Failure[]): ErrorKind {
  return failures.every(({ error }) => error.kind === "refused") ? "refused" : "failed";
}

function named({ name, wantedBy }: Failure): string {
  return wantedBy === undefined ? name : `${name} (wanted by ${wantedBy})`;
}

/** What only a chart asks for does not have to be packed. */
function hintFor(failures: readonly Failure[]): string | undefined {
  if (failures.some(({ wantedBy }) => wantedBy === undefined)) return failures[0]?.error.hint;
  return "The charts need these. To leave one out: --skip IMAGE=REASON, or `skip` in bundle.yaml; to pack none but the images you list: --chart-images none, or `images: none`.";
}
