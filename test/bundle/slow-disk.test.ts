import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { makeParts } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { layOut } from "../../src/bundle/contents.ts";
import { writeBundle, type Bring } from "../../src/bundle/write-bundle.ts";

/** A disk that takes what it was given when it is let to. Every file that Node.js opens is of one class. */
async function slowDisk(): Promise<{ take?: () => void }> {
  const file = await open(join(await temporaryDirectory(), "any"), "w");
  await file.close();
  const files = Object.getPrototypeOf(file) as { datasync: FileHandle["datasync"] };
  const before = files.datasync;
  onTestFinished(() => void (files.datasync = before));
  const disk: { take?: () => void } = {};
  const taken = new Promise<void>((resolve) => (disk.take = resolve));
  files.datasync = () => taken;
  return disk;
}

it("a bundle whose run is stopped while the disk is busy says what it waits for", async () => {
  const disk = await slowDisk();
  const images = { "registry.example/a:1": makeImage([makeLayer("a", 70 * 1024 * 1024)]) };
  const contents = await layOut(await makeParts({ images }), undefined);
  const stop = new AbortController();
  const bring: Bring = async (places, signal) => {
    for (const { file, fill } of places) {
      const { descriptor, source } = file;
      await fill({
        from: source.name,
        open: (offset) => source.fetch(descriptor, { offset, signal }),
      });
    }
    stop.abort(new Error("stopped"));
    signal.throwIfAborted();
  };
  const stages: string[] = [];
  const path = join(await temporaryDirectory(), "out.tar.gz");
  const written = writeBundle(path, contents, {
    mtime: new Date(0),
    bring,
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type !== "stage") return;
      stages.push(event.stage);
      if (event.stage === "sync") disk.take?.();
    },
  });
  await expect(written).rejects.toThrow("stopped");
  expect(stages).toEqual(["sync"]);
});
