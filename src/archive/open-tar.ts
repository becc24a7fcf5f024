import type { FileHandle } from "node:fs/promises";
import { MemberTar } from "./member-reader.ts";
import { PlainTar, type SeekableTar } from "./seekable-tar.ts";

/** A tar that can be read at any place: inside the bundle's own framing, or as it is. */
export async function openTar(file: FileHandle): Promise<{ tar: SeekableTar; form: string }> {
  const members = await MemberTar.open(file);
  if (members !== undefined) return { tar: members, form: "gzip members, tar" };
  return { tar: new PlainTar(file, (await file.stat()).size), form: "tar" };
}
