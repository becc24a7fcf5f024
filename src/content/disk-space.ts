import { stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DrayError, systemCode } from "../errors.ts";

/** Bytes that are about to be written below one place. */
export interface SpaceNeed {
  readonly path: string;
  readonly bytes: number;
  /** `bundle`, `store`: for the message. */
  readonly purpose: string;
}

/** File systems keep some room for themselves and for directories. */
const RESERVE = 16 * 1024 * 1024;

/**
 * Refuses to start what cannot be finished. Needs on the same file system are added up.
 * @throws DrayError `DRAY_DISK_FULL`
 */
export async function requireSpace(needs: readonly SpaceNeed[]): Promise<void> {
  const devices = new Map<number, { free: number; bytes: number; needs: SpaceNeed[] }>();
  for (const need of needs.filter(({ bytes }) => bytes > 0)) {
    const { path, dev } = await existingParent(resolve(need.path));
    const { bavail, bsize, blocks } = await statfs(path);
    // What has no blocks, as /proc and some of FUSE, says nothing of its room.
    if (blocks === 0) continue;
    const device = devices.get(dev) ?? { free: bavail * bsize, bytes: 0, needs: [] };
    device.bytes += need.bytes;
    device.needs.push(need);
    devices.set(dev, device);
  }
  for (const { free, bytes, needs: parts } of devices.values()) {
    if (bytes + RESERVE > free) throw tooSmall(free, bytes, parts);
  }
}

async function existingParent(path: string): Promise<{ path: string; dev: number }> {
  try {
    return { path, dev: (await stat(path)).dev };
  } catch (error) {
    const isMissing = systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR";
    if (!isMissing || dirname(path) === path) throw error;
    return existingParent(dirname(path));
  }
}

function tooSmall(free: number, bytes: number, needs: readonly SpaceNeed[]): DrayError {
  const parts = needs.map(
    (need) => `${need.bytes} for the ${need.purpose} at ${JSON.stringify(need.path)}`,
  );
  parts.push(`${RESERVE} to spare`);
  return new DrayError(
    "DRAY_DISK_FULL",
    `Cannot start: expected ${bytes + RESERVE} bytes of free space (${parts.join(", ")}), found ${free}`,
    { hint: "Make room, or choose other places for the output and the store." },
  );
}
