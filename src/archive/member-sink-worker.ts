import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { systemCode } from "../errors.ts";
import type { SinkAnswer, SinkOrder } from "./member-sink.ts";

/** The thread of a `MemberSink`: hashes and writes what the other side puts into shared memory. */
const { fd, memory } = workerData as {
  fd: number;
  memory: readonly [SharedArrayBuffer, SharedArrayBuffer];
};
const buffers = [Buffer.from(memory[0]), Buffer.from(memory[1])] as const;
const hash = createHash("sha256");

parentPort?.on("message", (order: SinkOrder) => parentPort?.postMessage(answer(order)));

function answer(order: SinkOrder): SinkAnswer {
  if (order === "digest") return { digest: hash.digest("hex") };
  const member = buffers[order.buffer].subarray(0, order.length);
  try {
    hash.update(member);
    for (let done = 0; done < member.length;) {
      done += writeSync(fd, member, done, member.length - done, order.position + done);
    }
    return {};
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { failure: { message, code: systemCode(error) } };
  }
}
