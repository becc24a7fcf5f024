import type { Hash } from "node:crypto";
import type { PlaceWriter } from "../archive/members/place-writer.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { hasherFor } from "../oci/digest.ts";
import { readPlaced } from "./earlier-part.ts";
import type { JournalBlob } from "./journal.ts";
import type { PartialFile } from "./partial-file.ts";

/** A shorter part is quicker fetched again than hashed. */
const MIN_PART_BYTES = 64 * 1024;

/** The bytes of a blob that lie in their place, and the hash of these. */
export interface Resumed {
  readonly size: number;
  readonly hash: Hash;
}

/** Where the content of a blob or file is to lie. */
interface ResumePlace {
  /** In bytes of the tar. */
  readonly offset: number;
  /** Nothing else has a place in the journal. */
  readonly isBlob: boolean;
  /** Writes from its first byte on. */
  readonly writer: () => PlaceWriter;
}

export function nothing({ digest }: Descriptor): Resumed {
  return { size: 0, hash: hasherFor(digest) };
}

/** What an earlier run has brought, hashed: it lies in its place, or comes there from the part set aside. */
export async function resume(
  expected: Descriptor,
  partial: PartialFile,
  place: ResumePlace,
): Promise<Resumed> {
  try {
    const inPlace = await whatIsInPlace(expected, partial, place);
    return inPlace ?? (await fromAside(expected, partial, place)) ?? nothing(expected);
  } catch (error) {
    // A file that was cut has less than its journal says.
    if (!isTruncated(error)) throw error;
    return nothing(expected);
  }
}

async function whatIsInPlace(
  expected: Descriptor,
  { file, claims }: PartialFile,
  { offset, isBlob }: ResumePlace,
): Promise<Resumed | undefined> {
  const claim = isBlob ? claims.get(expected.digest) : undefined;
  if (!isWorthIt(claim, expected)) return undefined;
  const hash = hasherFor(expected.digest);
  for await (const chunk of readPlaced(file, { offset, length: claim.present })) hash.update(chunk);
  return { size: claim.present, hash };
}

async function fromAside(
  expected: Descriptor,
  { aside }: PartialFile,
  place: ResumePlace,
): Promise<Resumed | undefined> {
  const claim = aside?.journal.blobs.get(expected.digest);
  if (aside === undefined || !isWorthIt(claim, expected)) return undefined;
  const hash = hasherFor(expected.digest);
  const writer = place.writer();
  try {
    const { offset, present: length } = claim;
    for await (const chunk of readPlaced(aside.file, { offset, length })) {
      hash.update(chunk);
      await writer.add(chunk);
    }
    await writer.end();
  } finally {
    await writer.settled();
  }
  return { size: claim.present, hash };
}

function isWorthIt(claim: JournalBlob | undefined, { size }: Descriptor): claim is JournalBlob {
  return (
    claim !== undefined && claim.present > 0 && claim.present >= Math.min(MIN_PART_BYTES, size)
  );
}

function isTruncated(error: unknown): boolean {
  return error instanceof DrayError && error.code === "DRAY_FILE_TRUNCATED";
}
