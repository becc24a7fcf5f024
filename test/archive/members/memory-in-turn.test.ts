import { open, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { framed } from "../../../fixtures/archives.ts";
import { seededBytes } from "../../../fixtures/images.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { FileRange, memoryInTurn, type Readable } from "../../../src/archive/file-range.ts";
import { MEMBER_PAYLOAD } from "../../../src/archive/members/gzip-members.ts";
import { MemberTar } from "../../../src/archive/members/member-reader.ts";

const SIZE = 6 * MEMBER_PAYLOAD + 12_345;
const BYTES = seededBytes("in turn", SIZE);

/** A tar in a file whose reads end late, each second one later than the one after it. */
async function lateTar(): Promise<MemberTar> {
  const path = join(await temporaryDirectory(), "framed");
  const bytes = await framed(BYTES);
  await writeFile(path, bytes);
  const file = await open(path, "r");
  onTestFinished(() => file.close());
  const tar = await MemberTar.open(
    new FileRange(late(file), { pieces: undefined, size: bytes.length }),
  );
  if (tar === undefined) throw new Error("expected the framing");
  return tar;
}

function late(file: FileHandle): Readable {
  let count = 0;
  return {
    read: (request) => file.read(request),
    readv: async (buffers, position) => {
      if (count++ % 2 === 1) await sleep(20);
      return file.readv(buffers, position);
    },
  };
}

describe("memory that is used in turn", () => {
  it("gives every piece as it is, until the one after the next is asked for", async () => {
    const tar = await lateTar();
    const pieces = tar.read(0, tar.size, { check: true, memory: memoryInTurn() });
    let position = 0;
    let before: { piece: Uint8Array; from: number } | undefined;
    for await (const piece of pieces) {
      for (const { piece: one, from } of [before, { piece, from: position }].filter((x) => !!x)) {
        expect(BYTES.subarray(from, from + one.length).equals(one)).toBe(true);
      }
      before = { piece, from: position };
      position += piece.length;
    }
    expect(position).toBe(SIZE);
  });

  it("is not written to by a read that somebody has left, while others use it", async () => {
    const tar = await lateTar();
    const memory = memoryInTurn();
    for (let from = 0; from < SIZE - MEMBER_PAYLOAD; from += MEMBER_PAYLOAD / 2) {
      let position = from;
      for await (const piece of tar.read(from, SIZE - from, { check: true, memory })) {
        await sleep(1);
        expect(BYTES.subarray(position, position + piece.length).equals(piece)).toBe(true);
        position += piece.length;
        if (position - from > MEMBER_PAYLOAD / 2) break;
      }
    }
  });

  it("finds no damage where a cursor jumps from member to member", async () => {
    const cursor = (await lateTar()).checkingCursor();
    for (let at = 0; at + 3 * MEMBER_PAYLOAD < SIZE; at = cursor.position) {
      const head = await cursor.take(512);
      expect(BYTES.subarray(at, at + 512).equals(head)).toBe(true);
      await cursor.skip(2 * MEMBER_PAYLOAD + 1000);
    }
  });
});
