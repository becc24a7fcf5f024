import { DrayError, RegistryError, withHint } from "../../errors.ts";

const ABSENT =
  "The registry has taken this manifest, or said that it has it, and does not show it: a cache in between may keep that it was not there, or several of its nodes share no storage. Read it past the cache, then push again.";

const STALE =
  "The manifest is there as it was sent, and its tag stands for another: a cache or a replica lags behind, or somebody else writes this tag. Push again in a while.";

/**
 * What to throw when a manifest that was taken does not show under its name in the time that it is given.
 * `isStale`: it shows under its digest, whole.
 */
export function notShown(error: DrayError, { isStale }: { readonly isStale: boolean }): DrayError {
  if (error instanceof RegistryError) return withHint(error, ABSENT);
  const { code, kind, message } = error;
  return isStale ? new DrayError(code, message, { kind, cause: error, hint: STALE }) : error;
}
