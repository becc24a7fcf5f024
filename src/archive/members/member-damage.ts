import { DrayError } from "../../errors.ts";
import { findingOf, type Finding } from "../../finding.ts";
import type { EntryPlace } from "../archive.ts";
import { flippedByte, type Checksums } from "./flipped-bit.ts";
import { MEMBER_BYTES, MEMBER_PAYLOAD, placeInFile } from "./gzip-members.ts";

/** Which bytes of the tar cannot be trusted. */
export interface DamagedPlace {
  readonly member: number;
  /** The byte of the tar in which one flipped bit explains everything. */
  readonly byte?: number | undefined;
}

/** Damage to one member: what it holds of the tar cannot be trusted. */
export class MemberDamage extends DrayError {
  readonly place: DamagedPlace;

  constructor(place: DamagedPlace, message: string) {
    super("DRAY_FRAMING_DAMAGED", message, {
      kind: "refused",
      hint: "The file changed after it was written. Copy it again.",
    });
    this.place = place;
  }
}

export function damaged(member: number, reason: string): MemberDamage {
  return new MemberDamage({ member }, cannotRead(member, reason));
}

/** The content of a member does not have its checksum: where one bit explains that, it is named. */
export function wrongChecksum(member: number, checksums: Checksums): MemberDamage {
  const reason = "its content does not have the checksum that it states";
  const flipped = flippedByte(checksums);
  if (flipped === undefined) return damaged(member, reason);
  const byte = member * MEMBER_PAYLOAD + flipped;
  const explained = `one flipped bit in byte ${placeInFile(byte)} of the file explains it`;
  return new MemberDamage({ member, byte }, cannotRead(member, `${reason}; ${explained}`));
}

function cannotRead(member: number, reason: string): string {
  return `Cannot read gzip member ${member} at byte ${member * MEMBER_BYTES}: ${reason}`;
}

interface NamedPlace extends EntryPlace {
  readonly path: string;
}

/** More names than these say no more. */
const MAX_NAMED = 3;

/** Damage to a member as a finding that names the entries, and which bytes of them, it may be in. */
export function memberFinding(damage: MemberDamage, entries: Iterable<NamedPlace>): Finding {
  const { from, to } = rangeOf(damage.place);
  const hit = [...entries].filter(({ position, size }) => position < to && position + size > from);
  const [only] = hit;
  const finding = findingOf(damage, hit.length === 1 ? only?.path : undefined);
  if (only === undefined) return finding;
  const named = hit.slice(0, MAX_NAMED).map(({ path, size, position }) => {
    const [first, last] = [Math.max(0, from - position), Math.min(size, to - position) - 1];
    const bytes = first === last ? `byte ${first}` : `bytes ${first} to ${last}`;
    return `${JSON.stringify(path)} (${bytes})`;
  });
  const more = hit.length > MAX_NAMED ? ` and ${hit.length - MAX_NAMED} more entries` : "";
  return { ...finding, message: `${finding.message}; it holds ${named.join(", ")}${more}` };
}

/** In bytes of the tar, the second behind the last. */
function rangeOf({ member, byte }: DamagedPlace): { from: number; to: number } {
  if (byte !== undefined) return { from: byte, to: byte + 1 };
  return { from: member * MEMBER_PAYLOAD, to: (member + 1) * MEMBER_PAYLOAD };
}
