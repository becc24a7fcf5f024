import { seededBytes } from "../../fixtures/images.ts";
import { MEMBER_BYTES } from "../../src/archive/members/gzip-members.ts";
import type { Random } from "./random.ts";

/** A copy of a file to which something has happened. */
export interface Damage {
  readonly bytes: Buffer;
  /** For people. */
  readonly what: string;
}

/** What can happen to a file on its way. */
export const DAMAGES: Readonly<Record<string, (bytes: Buffer, random: Random) => Damage>> = {
  flip,
  cut,
  swap,
  insert,
};

function flip(bytes: Buffer, random: Random): Damage {
  const [at, bit] = [random.below(bytes.length), random.below(8)];
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << bit), at);
  return { bytes: copy, what: `bit ${bit} of byte ${at} flipped` };
}

function cut(bytes: Buffer, random: Random): Damage {
  const at = random.below(bytes.length);
  return { bytes: bytes.subarray(0, at), what: `cut at byte ${at}` };
}

/** Two stretches of one size change places: members, or less. */
function swap(bytes: Buffer, random: Random): Damage {
  const size = random.of([MEMBER_BYTES, 65_540, 512, 20]);
  const places = Math.floor(bytes.length / size);
  const [one, other] = [random.below(places) * size, random.below(places) * size];
  const copy = Buffer.from(bytes);
  bytes.copy(copy, one, other, other + size);
  bytes.copy(copy, other, one, one + size);
  return { bytes: copy, what: `${size} bytes at ${one} and ${other} swapped` };
}

function insert(bytes: Buffer, random: Random): Damage {
  const at = random.below(bytes.length + 1);
  const more = seededBytes(String(at), 1 + random.below(600));
  const copy = Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  return { bytes: copy, what: `${more.length} bytes inserted at byte ${at}` };
}
