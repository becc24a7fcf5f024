import { DrayError } from "../../errors.ts";
import { findingOf, type Finding } from "../../finding.ts";
import type { EntryPlace } from "../archive.ts";
import { MEMBER_BYTES, MEMBER_PAYLOAD } from "./gzip-members.ts";

/** Damage to one member: what it holds of the tar cannot be trusted. */
export class MemberDamage extends DrayError {
  readonly member: number;

  constructor(member: number, message: string) {
    super("DRAY_FRAMING_DAMAGED", message, {
      kind: "refused",
      hint: "The file changed after it was written. Copy it again.",
    });
    this.member = member;
  }
}

export function damaged(member: number, reason: string): MemberDamage {
  const at = `gzip member ${member} at byte ${member * MEMBER_BYTES}`;
  return new MemberDamage(member, `Cannot read ${at}: ${reason}`);
}

interface NamedPlace extends EntryPlace {
  readonly path: string;
}

/** More names than these say no more. */
const MAX_NAMED = 3;

/** Damage to a member as a finding that names the entries, and which bytes of them, it may be in. */
export function memberFinding(damage: MemberDamage, entries: Iterable<NamedPlace>): Finding {
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
