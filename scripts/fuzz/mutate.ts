import type { Random } from "./random.ts";

/** What has broken parsers before. */
const INTERESTING: readonly Buffer[] = [
  "\0",
  "\r\n",
  "\n",
  "../",
  "/",
  "\\",
  "C:",
  "\u0301",
  "\u202e",
  "\u001b[31m",
  "{",
  "}",
  '"',
  "[",
  "]",
  ":",
  "@",
  "sha256:",
  "null",
  "-1",
  "1e999",
  "9007199254740993",
  "__proto__",
  "PK\u0003\u0004",
]
  .map((text) => Buffer.from(text))
  .concat(
    [
      "00000000",
      "ffffffff",
      "ffffffffffffffff",
      "8000000000000000",
      "1f8b08",
      "28b52ffd",
      "fffe",
      "efbbbf",
    ].map((hex) => Buffer.from(hex, "hex")),
  );

/** Stretches beyond this change too much to reach deep. */
const LONGEST = 2000;

/** Changes a few places of `bytes`; `others` are what pieces come from. */
export function mutate(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let result = bytes;
  for (let left = 1 + random.below(4); left > 0; left--) {
    result = random.of(CHANGES)(result, random, others);
  }
  return result;
}

type Change = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const CHANGES: readonly Change[] = [
  function flip(bytes, random) {
    if (bytes.length === 0) return bytes;
    const copy = Buffer.from(bytes);
    const at = random.below(copy.length);
    copy.writeUInt8(copy.readUInt8(at) ^ (1 << random.below(8)), at);
    return copy;
  },
  function overwrite(bytes, random) {
    const copy = Buffer.from(bytes);
    random.of(INTERESTING).copy(copy, random.below(copy.length + 1));
    return copy;
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), random.of(INTERESTING), bytes.subarray(at)]);
  },
  function drop(bytes, random) {
    const [from, to] = stretch(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  function double(bytes, random) {
    const [from, to] = stretch(bytes, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  function zero(bytes, random) {
    const [from, to] = stretch(bytes, random);
    return Buffer.from(bytes).fill(0, from, to);
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1));
  },
  function splice(bytes, random, others) {
    const other = random.of(others);
    const [from, to] = stretch(other, random);
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(at)]);
  },
];

function stretch(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + random.below(LONGEST))];
}
