import { readlink } from "node:fs/promises";
import { join } from "node:path";
import type { RawEntry, SeekableArchive } from "../archive/archive.ts";
import { entryPath } from "../archive/entry-path.ts";
import { TAR_BLOCK } from "../archive/tar/tar-header.ts";
import { collect } from "../content/content.ts";
import type { ForeignLink } from "./file-tree.ts";

/** ustar: where the name that a link leads to stands in a header. */
const LINK_NAME = { offset: 157, length: 100 };

/**
 * The links of an archive by their path. A name that takes the whole field may go on in a record of
 * its own; no docker archive has one, and it is left out.
 */
export async function readLinks(archive: SeekableArchive): Promise<Map<string, ForeignLink>> {
  const links = new Map<string, ForeignLink>();
  for await (const raw of archive.entries({ check: false })) {
    if (raw.kind !== "link") continue;
    const checked = entryPath(raw.name);
    const target = await targetOf(archive, raw);
    if ("problem" in checked || target === undefined || links.has(checked.path)) continue;
    links.set(checked.path, { kind: raw.type === "Link" ? "hard" : "symbolic", target });
  }
  return links;
}

/** Longer than any path that may stand in an archive. */
const MAX_TARGET_BYTES = 4096;

async function targetOf(archive: SeekableArchive, raw: RawEntry): Promise<string | undefined> {
  if (archive.kind === "directory") return readlink(join(archive.path, raw.name));
  if (archive.kind === "zip") {
    // In a zip the content of a link is where it leads.
    return raw.size > MAX_TARGET_BYTES
      ? undefined
      : (await collect(raw.content())).toString("utf8");
  }
  // In a tar the header stands right before the content, of which a link has none.
  const header = archive.read({ position: raw.position - TAR_BLOCK, size: TAR_BLOCK });
  const { offset, length } = LINK_NAME;
  const field = (await collect(header)).subarray(offset, offset + length);
  const end = field.indexOf(0);
  return end <= 0 ? undefined : field.toString("utf8", 0, end);
}
