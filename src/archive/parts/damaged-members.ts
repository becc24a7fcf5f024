import { discard } from "../../content/content.ts";
import { DrayError } from "../../errors.ts";
import { memoryInTurn, type FileRange } from "../file-range.ts";
import { MEMBER_PAYLOAD } from "../members/gzip-members.ts";
import { MemberTar } from "../members/member-reader.ts";

/** Numbers of the members that are not as they were written; none where the framing is another. */
export async function damagedMembers(range: FileRange): Promise<number[]> {
  const tar = await framedTar(range);
  if (tar === undefined) return [];
  const damaged: number[] = [];
  for (let start = 0; start < tar.size; start += MEMBER_PAYLOAD) {
    const length = Math.min(MEMBER_PAYLOAD, tar.size - start);
    try {
      await discard(tar.read(start, length, { check: true, memory: memoryInTurn() }));
    } catch (error) {
      if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
      damaged.push(start / MEMBER_PAYLOAD);
    }
  }
  return damaged;
}

async function framedTar(range: FileRange): Promise<MemberTar | undefined> {
  try {
    return await MemberTar.open(range);
  } catch (error) {
    // What is wrong with all of it has been said.
    if (error instanceof DrayError && error.kind === "refused") return undefined;
    throw error;
  }
}
