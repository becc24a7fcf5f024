import { readFile, realpath } from "node:fs/promises";
import { DrayError, isDiskFull, systemCode, systemReason } from "../errors.ts";

/** A file system that is mounted somewhere: a stick, a disk, a share. */
interface Medium {
  readonly mountPoint: string;
  /** `vfat`, `exfat`, `ext4`. */
  readonly type: string;
  /** `/dev/sdb1`, or what stands in its place. */
  readonly device: string;
}

/** What `path`, which is there, lies on; undefined where the system does not say. */
async function mediumOf(path: string): Promise<Medium | undefined> {
  try {
    const mounts = await readFile("/proc/self/mountinfo", "utf8");
    return mediumAmong(mounts, await realpath(path));
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * The one in a list of the kernel in which an absolute path lies; see proc_pid_mountinfo(5).
 * @internal for tests
 */
export function mediumAmong(mounts: string, path: string): Medium | undefined {
  let found: Medium | undefined;
  for (const line of mounts.split("\n")) {
    const medium = mountOf(line);
    if (medium === undefined || !isBelow(medium.mountPoint, path)) continue;
    // What was mounted later lies over what was there before.
    if (medium.mountPoint.length >= (found?.mountPoint.length ?? 0)) found = medium;
  }
  return found;
}

function isBelow(mountPoint: string, path: string): boolean {
  return path === mountPoint || path.startsWith(`${mountPoint.replace(/\/$/, "")}/`);
}

function mountOf(line: string): Medium | undefined {
  const [before = "", after] = line.split(" - ");
  const [, , , , mountPoint] = before.split(" ");
  if (mountPoint === undefined || after === undefined) return undefined;
  const [type = "", device = ""] = after.split(" ");
  return { mountPoint: unescaped(mountPoint), type, device: unescaped(device) };
}

/** Blanks, tabs, line ends and backslashes stand there in octal. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}

/** The largest file that FAT can have. */
const LARGEST_ON_FAT = 2 ** 32 - 1;

const FAT: ReadonlySet<string> = new Set(["vfat", "msdos", "umsdos", "fuse.fusefat"]);

/** In bytes, as far as it is known beforehand. @internal for tests */
export function largestFile({ type }: Pick<Medium, "type">): number {
  return FAT.has(type) ? LARGEST_ON_FAT : Number.POSITIVE_INFINITY;
}

/**
 * Refuses to begin a file that the file system of `directory` has no room for in one piece; where the
 * system does not say which that is, writing it finds out.
 *
 * @throws DrayError `DRAY_FILE_TOO_LARGE`
 */
export async function requireFileSize(
  directory: string,
  { bytes, what, hint }: { bytes: number; what: string; hint: string },
): Promise<void> {
  const medium = await mediumOf(directory);
  if (medium === undefined || bytes <= largestFile(medium)) return;
  throw new DrayError(
    "DRAY_FILE_TOO_LARGE",
    `Cannot write ${what} to ${named(medium)}: expected at most ${largestFile(medium)} bytes in one file, found ${bytes}`,
    { hint },
  );
}

/** `; it lies on the medium at …`, or nothing where the system does not say which. */
export async function placeOnMedium(directory: string): Promise<string> {
  const medium = await mediumOf(directory);
  return medium === undefined ? "" : `; it lies on ${named(medium)}`;
}

function named({ mountPoint, type, device }: Medium): string {
  return `the medium at ${JSON.stringify(mountPoint)} (${type} on ${device})`;
}

/** What fails when a medium is at its end, gone or broken, and not the way to it. */
const OF_MEDIUM: ReadonlySet<string> = new Set([
  "EDQUOT",
  "EFBIG",
  "EIO",
  "ENODEV",
  "ENOSPC",
  "ENXIO",
  "EROFS",
  "EUCLEAN",
]);

/** A write or read in `directory` that failed because of the medium, with its name; else undefined. */
export async function mediumFailed(
  cause: unknown,
  { action, directory, hint }: { action: string; directory: string; hint: string },
): Promise<DrayError | undefined> {
  const code = systemCode(cause);
  if (code === undefined || !OF_MEDIUM.has(code)) return undefined;
  const where = await placeOnMedium(directory);
  if (code === "EFBIG") {
    const message = `Cannot ${action}: the file system takes no file this large${where}`;
    const small = "FAT32 ends at 4 GiB: `--size fat32`.";
    return new DrayError("DRAY_FILE_TOO_LARGE", message, { cause, hint: small });
  }
  const message = `Cannot ${action}: ${systemReason(cause) ?? code}${where}`;
  if (isDiskFull(cause)) return new DrayError("DRAY_DISK_FULL", message, { cause, hint });
  return new DrayError("DRAY_MEDIUM_FAILED", message, { kind: "failed", cause, hint });
}
