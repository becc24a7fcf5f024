import { DrayError } from "../../errors.ts";

/** What `work` is refused with; undefined if it is done. */
export async function refusalOf(
  work: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<DrayError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DrayError) return error;
    throw error;
  }
}
