import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { OutputFile } from "../../../src/archive/members/output-file.ts";

const PIECE = Buffer.alloc(1024 * 1024);
/** The disk is asked to take what is there after 64 MiB. */
const PIECES = 64;

/** A file on a disk that does `datasync`. */
async function onDisk(datasync: FileHandle["datasync"]): Promise<OutputFile> {
  const file = await open(join(await temporaryDirectory(), "output"), "w+");
  const output = new OutputFile([Object.assign(file, { datasync })]);
  onTestFinished(() => output.close());
  return output;
}

async function write(output: OutputFile, pieces: number): Promise<void> {
  for (let piece = 0; piece < pieces; piece++) await output.write(PIECE, 0);
}

describe("a file that is written at any place", () => {
  it("is brought to the disk while more comes, once at a time", async () => {
    let asked = 0;
    const taken: (() => void)[] = [];
    const output = await onDisk(() => {
      asked++;
      return new Promise((resolve) => taken.push(resolve));
    });
    await write(output, PIECES - 1);
    expect(asked).toBe(0);
    await write(output, 2 * PIECES);
    expect(asked).toBe(1);
    taken.shift()?.();
    await output.sync();
    await write(output, 1);
    expect(asked).toBe(2);
    taken.shift()?.();
  });

  it("says at the end that the disk has failed on the way", async () => {
    let asked = 0;
    const output = await onDisk(() => {
      asked++;
      return Promise.reject(Object.assign(new Error("the disk fails"), { code: "EIO" }));
    });
    await write(output, 3 * PIECES);
    expect(asked).toBe(1);
    await expect(output.sync()).rejects.toThrow("the disk fails");
  });
});
