import { copyFile, open } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { MEMBER_BYTES, MEMBER_HEADER } from "../../src/archive/members/gzip-members.ts";
import { startDray } from "./dray-process.ts";

const MIB = 1024 * 1024;

/** Large enough for threads, which only the built program starts; one layer is most of it, or none is. */
const LAYERS = [
  ["one layer", ["large"], 66 * MIB],
  ["several layers", ["a", "b", "c", "d"], 17 * MIB],
] as const;

const PLACES = [
  ["content", 9 * MEMBER_BYTES + 1_000_000],
  ["a block's header", 9 * MEMBER_BYTES + MEMBER_HEADER + 1],
  ["a member's header", 9 * MEMBER_BYTES + 20],
  ["a member's checksum", 10 * MEMBER_BYTES - 8],
  ["a member's length", 10 * MEMBER_BYTES - 1],
] as const;

describe("verify in threads", () => {
  it.each(LAYERS)("takes %s as it is, and finds a bit anywhere", async (...[, names, size]) => {
    const layers = names.map((name) => makeLayer(name, size));
    const images = { "registry.example/team/app:1": makeImage(layers) };
    const { path } = await makeBundle({ images });
    expect(await verify(path)).toMatchObject({ code: 0 });
    const damaged = join(await temporaryDirectory(), "damaged.tar.gz");
    for (const [place, position] of PLACES) {
      await copyFile(path, damaged);
      await flip(damaged, position);
      const { code, stderr } = await verify(damaged);
      expect([place, code, stderr]).toEqual([
        place,
        3,
        expect.stringMatching(/FRAMING_DAMAGED|ENTRY_ALTERED/),
      ]);
    }
  });
});

function verify(bundle: string): Promise<{ code: number | null; stderr: string }> {
  return startDray(["verify", bundle, "--allow-unsigned"]).ended;
}

async function flip(path: string, position: number): Promise<void> {
  const file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read({ buffer: byte, position });
  byte[0] = (byte[0] ?? 0) ^ 0x10;
  await file.write(byte, 0, 1, position);
  await file.close();
}
