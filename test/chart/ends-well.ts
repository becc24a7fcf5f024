import { DrayError } from "../../src/errors.ts";

/** True if `run` returns or refuses with a DrayError; anything else is thrown on. */
export function endsWell(run: () => unknown): boolean {
  try {
    run();
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
  }
  return true;
}
