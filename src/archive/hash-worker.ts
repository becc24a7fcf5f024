import { open } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { HashTask } from "./archive.ts";
import { hashContent } from "./hash-content.ts";
import { FileRange } from "./file-range.ts";
import type { HashReply, Stretch } from "./hash-pool.ts";
import { openTar } from "./tar/open-tar.ts";
import { toFailure } from "./thread-failure.ts";

/** A thread that hashes what it is told of one carrier, which it opens for itself. */
const { path, start, size } = workerData as Stretch;
const tar = await openTar(new FileRange(await open(path, "r"), { path, start, size }));

parentPort?.on("message", (task: HashTask) => {
  void answer(task).then((reply) => parentPort?.postMessage(reply));
});

async function answer(task: HashTask): Promise<HashReply> {
  try {
    return { digests: await hashContent(tar, task) };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}
