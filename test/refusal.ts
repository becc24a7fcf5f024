import { DrayError } from "../src/errors.ts";

/** The DrayError that `run` ends with; anything else, or nothing, fails the test. */
export async function refusal(run: () => unknown): Promise<DrayError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof DrayError) return error;
    throw error;
  }
  throw new Error("expected a DrayError, found none");
}

/** What `run` gives, or the DrayError that it throws; anything else goes on, with its trace. */
export function outcome<T>(run: () => T): T | DrayError {
  try {
    return run();
  } catch (error) {
    if (error instanceof DrayError) return error;
    throw error;
  }
}

/** As `outcome`, for what takes its time. */
export async function laterOutcome<T>(run: () => Promise<T>): Promise<T | DrayError> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof DrayError) return error;
    throw error;
  }
}
