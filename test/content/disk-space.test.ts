import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { requireSpace, type SpaceNeed } from "../../src/content/disk-space.ts";
import { ownDisk } from "../own-disk.ts";

const MIB = 1024 * 1024;

function need(path: string, purpose: string): SpaceNeed {
  return { path, bytes: 30 * MIB, purpose };
}

describe("requireSpace()", () => {
  it("lets pass what fits, also where the directory is not made yet", async () => {
    const path = join(await temporaryDirectory(), "a", "b", "c");
    for (const needs of [
      [{ path, bytes: MIB, purpose: "store" }],
      [],
      [{ path: "/nowhere/at/all", bytes: 0, purpose: "store" }],
    ]) {
      await expect(requireSpace(needs)).resolves.toBeUndefined();
    }
  });

  it("refuses what no disk holds, and says for what", async () => {
    const path = await temporaryDirectory();
    await expect(requireSpace([{ path, bytes: 2 ** 60, purpose: "bundle" }])).rejects.toMatchObject(
      {
        code: "DRAY_DISK_FULL",
        message: expect.stringContaining("for the bundle at") as string,
      },
    );
  });

  it("adds up what goes to one disk, and only that", async (context) => {
    const small = await ownDisk(context, "size=64m");
    await requireSpace([need(small, "store")]);
    await requireSpace([need(small, "store"), need(await temporaryDirectory(), "bundle")]);
    await expect(
      requireSpace([need(small, "store"), need(join(small, "out"), "bundle")]),
    ).rejects.toMatchObject({ code: "DRAY_DISK_FULL" });
  });
});
