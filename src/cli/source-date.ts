import type { Io } from "./io.ts";

/**
 * The time stamp of everything that needs one.
 * https://reproducible-builds.org/specs/source-date-epoch/
 */
export function sourceDate(env: Io["env"]): Date {
  const seconds = Number(env["SOURCE_DATE_EPOCH"] ?? 0);
  // A tar header written by archiver holds 31 bits of seconds.
  const valid = Number.isInteger(seconds) && seconds >= 0 && seconds < 2 ** 31;
  return new Date(valid ? seconds * 1000 : 0);
}
