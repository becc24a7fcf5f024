import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { built } from "../built.ts";

it("a thread that cannot open its file tells whoever asks, each time", async () => {
  const path = join(await temporaryDirectory(), "gone.tar.gz");
  const worker = new Worker(built("cli/hash-worker.js"), {
    workerData: { pieces: [{ path, size: 1024 }], start: 0, size: 1024 },
  });
  onTestFinished(async () => void (await worker.terminate()));
  for (let asked = 0; asked < 2; asked++) {
    const reply = once(worker, "message");
    worker.postMessage({ position: 0, size: 1024, algorithms: ["sha256"] });
    expect(await reply).toMatchObject([
      { failure: { system: { code: "ENOENT", syscall: "open" } } },
    ]);
  }
});
