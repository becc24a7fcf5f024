import { open, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { seededBytes } from "../../../fixtures/images.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { stretches } from "../../../src/archive/members/framed-run.ts";
import { OutputFile } from "../../../src/archive/members/output-file.ts";
import { PlaceWriter, RunMemory } from "../../../src/archive/members/place-writer.ts";

/** Of a connection's. */
const CHUNK = 64 * 1024;

/** Knows how much memory is lent, and how much was at most. */
class CountedMemory extends RunMemory {
  lent = 0;
  most = 0;

  override lend(): Buffer {
    this.most = Math.max(this.most, ++this.lent);
    return super.lend();
  }

  override giveBack(memory: Buffer): void {
    this.lent--;
    super.giveBack(memory);
  }
}

async function emptyFile(flags: "r" | "r+" = "r+"): Promise<FileHandle> {
  const path = join(await temporaryDirectory(), "file");
  await writeFile(path, "");
  const file = await open(path, flags);
  onTestFinished(() => file.close());
  return file;
}

describe("content that is written to its place", () => {
  const content = seededBytes("placed", 9_000_000);
  const place = { offset: 70_001, tarSize: content.length + 200_000 };

  it("is there, though each chunk is written over as soon as it was taken", async () => {
    const file = await emptyFile();
    const writer = new PlaceWriter(new OutputFile([file]), place, new RunMemory());
    const chunk = Buffer.alloc(CHUNK);
    for (let at = 0; at < content.length; at += CHUNK) {
      const length = content.copy(chunk, 0, at, at + CHUNK);
      await writer.add(chunk.subarray(0, length));
      chunk.fill(0);
    }
    await writer.end();
    await writer.settled();

    expect(writer.written).toBe(place.offset + content.length);
    let done = 0;
    for (const [position, length] of stretches(place.offset, content.length)) {
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, position);
      expect(buffer.equals(content.subarray(done, done + length))).toBe(true);
      done += length;
    }
  });

  it("takes two pieces of memory, however long it is, and gives both back", async () => {
    const memory = new CountedMemory();
    const writer = new PlaceWriter(new OutputFile([await emptyFile()]), place, memory);
    await writer.add(content);
    await writer.add(content.subarray(0, 10));
    await writer.settled();

    expect(memory).toMatchObject({ lent: 0, most: 2 });
  });

  it("gives its memory back where the disk takes nothing", async () => {
    const memory = new CountedMemory();
    const writer = new PlaceWriter(new OutputFile([await emptyFile("r")]), place, memory);

    await expect(writer.add(content)).rejects.toMatchObject({ code: "EBADF" });
    await writer.settled();
    expect(memory.lent).toBe(0);
  });
});
