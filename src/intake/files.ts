import { createReadStream } from "node:fs";
import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { entryPath } from "../archive/entry-path.ts";
import { APPLE_DOUBLE_MAGIC, isJunkName, mayBeAppleDouble } from "../archive/junk.ts";
import { isWritableName } from "../archive/tar/writable-name.ts";
import type { BundleFile } from "../bundle/artifact.ts";
import { FILES_DIRECTORY, TOOLS_DIRECTORY } from "../bundle/format.ts";
import type { Bytes, FetchOptions, Source } from "../content/content.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { DrayError, systemReason, unreadable } from "../errors.ts";
import { digestFrom } from "../oci/digest.ts";
import { MediaType } from "../oci/media-type.ts";
import { formatPlatform } from "../oci/platform.ts";
import type { FileRequest, ToolRequest } from "./recipe/recipe.ts";

/** Names that some system between here and there cannot store. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i;

/** Reads size and digest of a plain file. @throws DrayError `DRAY_FILE_REFUSED` */
export function readPlainFile(request: FileRequest): Promise<BundleFile> {
  return readFile(request, FILES_DIRECTORY);
}

/** The same of an executable, which has a place by what it runs on. @throws DrayError `DRAY_FILE_REFUSED` */
export async function readTool({ path, name, platform }: ToolRequest): Promise<BundleFile> {
  const runsOn = platform && formatPlatform(platform);
  const as = runsOn === undefined ? name : `${runsOn.replaceAll("/", "-")}/${name}`;
  return { ...(await readFile({ path, as }, TOOLS_DIRECTORY)), platform: runsOn };
}

async function readFile({ path, as }: FileRequest, directory: string): Promise<BundleFile> {
  const problem = nameProblem(as);
  if (problem !== undefined) throw refused(as, problem, "Give it another name with `as`.");
  const place = `${directory}/${as}`;
  if (!isWritableName(place)) {
    const wanted = "expected ASCII, at most 100 characters and 155 more for the folders around it";
    throw refused(as, wanted, "Give it another name with `as`, or pack an archive.");
  }
  const size = await sizeOf(path);
  if (await isAppleDouble(as, path)) {
    throw refused(as, `Macs add such files, and ${STRIPPED}`, "Give it another name with `as`.");
  }
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Buffer);
    }
  } catch (cause) {
    throw unreadable(cause, "file", path) ?? cause;
  }
  const descriptor = { mediaType: MediaType.octetStream, digest: digestFrom(hash), size };
  return { path: place, descriptor, source: fileSource(path) };
}

const STRIPPED = "it would be stripped";

function nameProblem(name: string): string | undefined {
  const checked = entryPath(name);
  if ("problem" in checked) return checked.problem;
  if (checked.path !== name || name === "") return "it is not in its plainest form";
  if (isJunkName(name)) return `carriers add files of this name, and ${STRIPPED}`;
  for (const part of name.split("/")) {
    if (/[<>:"|?*]/.test(part)) return "Windows cannot store one of its characters";
    if (RESERVED.test(part) || /[. ]$/.test(part)) return "Windows cannot store this name";
  }
  return undefined;
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (cause) {
    const reason = systemReason(cause);
    if (reason === undefined) throw cause;
    throw refused(path, reason, "Check the path, and that this account may read the file.");
  }
  throw refused(path, "expected a regular file");
}

/** True of what a Mac keeps beside a file: it is known by its name and its first bytes. */
export async function isAppleDouble(name: string, path: string): Promise<boolean> {
  if (!mayBeAppleDouble(name)) return false;
  const head = Buffer.alloc(APPLE_DOUBLE_MAGIC.length);
  try {
    const file = await open(path);
    try {
      await file.read(head, 0, head.length, 0);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(cause, "file", path) ?? cause;
  }
  return head.equals(APPLE_DOUBLE_MAGIC);
}

function refused(name: string, reason: string, hint?: string): DrayError {
  return new DrayError("DRAY_FILE_REFUSED", `Cannot pack file ${JSON.stringify(name)}: ${reason}`, {
    kind: "usage",
    hint,
  });
}

/** A plain file as a source of the one content that it has. */
function fileSource(path: string): Source {
  return {
    name: `file ${JSON.stringify(path)}`,
    async *fetch(_descriptor: Descriptor, { offset = 0, signal }: FetchOptions = {}): Bytes {
      const file = createReadStream(path, { start: offset, highWaterMark: 1024 * 1024, signal });
      yield* file as AsyncIterable<Buffer>;
    },
  };
}
