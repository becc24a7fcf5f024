import { all } from "../content/concurrency.ts";
import { DrayError } from "../errors.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import type { Sources } from "./sources.ts";

/** Whether a registry has an image; `unknown` if it does not say, or not to everybody. */
export type Presence = "present" | "absent" | "unknown";

/** Questions of one run. No chart is known to have more suspects than some dozen. */
const MAX_PROBES = 200;

/**
 * Asks registries whether they have images. Each question is one HEAD request, and nothing is
 * fetched. Gives the answers by full reference; beyond the first hundreds nothing is asked.
 */
export async function probe(
  references: readonly Reference[],
  { registries: open, run: { signal, onEvent } }: Sources,
): Promise<ReadonlyMap<string, Presence>> {
  const silent = new Set<string>();
  const warn = ({ registry }: Reference, { message }: DrayError): void => {
    if (silent.has(registry)) return;
    silent.add(registry);
    onEvent({ type: "warning", message: `Cannot ask ${registry} for images: ${message}` });
  };
  const registries = await open();
  const answers = await all(
    references.slice(0, MAX_PROBES).map(async (reference) => {
      const ask = async (): Promise<boolean | undefined> =>
        registries.repository(reference).has({ signal });
      return [
        formatReference(reference),
        await presence(ask, (error) => warn(reference, error)),
      ] as const;
    }),
  );
  signal.throwIfAborted();
  return new Map(answers);
}

/** What a registry refuses to tell, or cannot be reached for, is unknown, and the reason is said. */
async function presence(
  ask: () => Promise<boolean | undefined>,
  onRefused: (error: DrayError) => void,
): Promise<Presence> {
  try {
    const found = await ask();
    return found === undefined ? "unknown" : found ? "present" : "absent";
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    onRefused(error);
    return "unknown";
  }
}
