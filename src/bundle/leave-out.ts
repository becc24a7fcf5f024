import type { Entry } from "../archive/scan.ts";
import type { Finding } from "../finding.ts";
import { SUMS_FILE, UNLISTED } from "./format.ts";
import type { Sums } from "./sums.ts";

/** Takes out what the list does not name: what stays is the bundle and nothing else. */
export function leaveOutUnlisted(
  entries: ReadonlyMap<string, Entry>,
  sums: Sums,
): { entries: ReadonlyMap<string, Entry>; findings: readonly Finding[] } {
  const kept = new Map([...entries].filter(([path]) => sums.has(path) || UNLISTED.has(path)));
  const extra = [...entries.keys()].filter((path) => !kept.has(path));
  const [first] = extra;
  if (first === undefined) return { entries, findings: [] };
  const files = extra.length === 1 ? "1 file" : `${extra.length} files`;
  const message = `Left out ${files} that ${SUMS_FILE} does not name, such as ${JSON.stringify(first)}`;
  return {
    entries: kept,
    findings: [{ code: "EXTRA_LEFT_OUT", severity: "info", entry: first, message }],
  };
}
