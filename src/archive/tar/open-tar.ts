import type { FileRange } from "../file-range.ts";
import { MemberTar } from "../members/member-reader.ts";
import { PlainTar, type SeekableTar } from "./seekable-tar.ts";

/** A tar that can be read at any place: inside the bundle's own framing, or as it is. */
export async function openTar(range: FileRange): Promise<SeekableTar> {
  return (await MemberTar.open(range)) ?? new PlainTar(range);
}
