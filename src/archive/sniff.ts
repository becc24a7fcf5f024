import type { FileHandle } from "node:fs/promises";
import { Header } from "tar/header";
import { DrayError } from "../errors.ts";
import { laterPart } from "./member-extent.ts";
import { TAR_BLOCK } from "./tar-reader.ts";

/** Formats that are recognised by their first bytes, and what to do about those that are not read. */
const UNSUPPORTED: readonly { magic: readonly number[]; name: string; hint: string }[] = [
  { magic: [0x50, 0x4b, 3, 4], name: "a zip", hint: "Unpack it and name the directory." },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], name: "zstd", hint: "Decompress it with `zstd -d` first." },
  {
    magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
    name: "xz",
    hint: "Decompress it with `xz -d` first.",
  },
  { magic: [0x42, 0x5a, 0x68], name: "bzip2", hint: "Decompress it with `bzip2 -d` first." },
];

/** Finds out what a file is by its content. @throws DrayError `DRAY_ARCHIVE_UNKNOWN`, `DRAY_FILE_PART` */
export async function sniff(path: string, file: FileHandle): Promise<"gzip" | "tar"> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(TAR_BLOCK), 0, TAR_BLOCK, 0);
  const head = buffer.subarray(0, bytesRead);
  if (startsWith(head, [0x1f, 0x8b])) return "gzip";
  if (isTarHeader(head)) return "tar";
  const part = await laterPart(file);
  if (part !== undefined) throw part;
  const known = UNSUPPORTED.find(({ magic }) => startsWith(head, magic));
  const found = known?.name ?? (bytesRead === 0 ? "an empty file" : "something else");
  throw new DrayError(
    known === undefined ? "DRAY_ARCHIVE_UNKNOWN" : "DRAY_ARCHIVE_UNSUPPORTED",
    `Cannot open ${JSON.stringify(path)}: expected a bundle (gzip or tar), found ${found}`,
    { kind: "refused", hint: known?.hint },
  );
}

function startsWith(head: Buffer, magic: readonly number[]): boolean {
  return magic.every((byte, index) => head[index] === byte);
}

function isTarHeader(head: Buffer): boolean {
  if (head.length < TAR_BLOCK) return false;
  try {
    return new Header(head).cksumValid;
  } catch {
    return false;
  }
}
