import { DrayError } from "../../errors.ts";

/** What media take in one file, in bytes: FAT has room for 32 bits, and ISO 9660 on a DVD has too. */
const MEDIA: Readonly<Record<string, number>> = {
  fat32: 2 ** 32 - 1,
  dvd: 2 ** 32 - 1,
  // A disc of 25 GB, with room for its file system and the list.
  bd: 24_500_000_000,
};

/** As coreutils count: `k` and `KiB` are 1024, `KB` is 1000. */
const UNITS: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4 };

/** No medium is as small: whoever writes less has left out the unit. */
const LEAST_BYTES = 1000;

/**
 * Reads `fat32`, `dvd`, `bd`, `700MB`, `4GiB` or `4G` as bytes.
 * @throws DrayError `DRAY_USAGE`
 */
export function parsePartSize(text: string): number {
  const known = MEDIA[text.toLowerCase()];
  if (known !== undefined) return known;
  const [, number = "", unit = "", kind = ""] = /^(\d{1,15})([kmgt]?)(i?b)?$/i.exec(text) ?? [];
  const base = kind.toLowerCase() === "b" ? 1000 : 1024;
  const bytes = Number(number) * base ** (UNITS[unit.toLowerCase()] ?? 0);
  if (bytes >= LEAST_BYTES && Number.isSafeInteger(bytes)) return bytes;
  throw new DrayError(
    "DRAY_USAGE",
    `Cannot use ${JSON.stringify(text)} as the size of parts: expected fat32, dvd, bd, or a size such as 700MB or 4GiB`,
    { kind: "usage", hint: "A number alone counts bytes, and a part has at least a thousand." },
  );
}
