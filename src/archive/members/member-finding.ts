import { findingOf, type Finding } from "../../finding.ts";
import { MEMBER_PAYLOAD, type MemberDamage } from "./gzip-members.ts";
import type { Entry } from "../scan.ts";

/** More names than these say no more. */
const MAX_NAMED = 3;

/** Damage to a member as a finding that names the entries, and which bytes of them, it may be in. */
export function memberFinding(damage: MemberDamage, entries: Iterable<Entry>): Finding {
  const from = damage.member * MEMBER_PAYLOAD;
  const to = from + MEMBER_PAYLOAD;
  const hit = [...entries].filter(({ position, size }) => position < to && position + size > from);
  const [only] = hit;
  const finding = findingOf(damage, hit.length === 1 ? only?.path : undefined);
  if (only === undefined) return finding;
  const named = hit.slice(0, MAX_NAMED).map(({ path, size, position }) => {
    const range = [Math.max(0, from - position), Math.min(size, to - position) - 1];
    return `${JSON.stringify(path)} (bytes ${range.join(" to ")})`;
  });
  const more = hit.length > MAX_NAMED ? ` and ${hit.length - MAX_NAMED} more entries` : "";
  return { ...finding, message: `${finding.message}; it holds ${named.join(", ")}${more}` };
}
