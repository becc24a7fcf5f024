import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { MEMBER_BYTES } from "./gzip-members.ts";
import type { SinkAnswer, SinkOrder } from "./member-sink.ts";
import { sealMember } from "./member-writer.ts";
import { toFailure } from "../thread-failure.ts";

/** The thread of a `MemberSink`: seals, hashes and writes members, and gives their memory back. */
const { fd } = workerData as { fd: number };
const hash = createHash("sha256");

parentPort?.on("message", (order: SinkOrder) => {
  const answer = answerTo(order);
  parentPort?.postMessage(answer, "memory" in answer ? [answer.memory] : []);
});

function answerTo(order: SinkOrder): SinkAnswer {
  if (order === "finish") return { digest: hash.digest("hex") };
  const { memory, payload, number } = order;
  try {
    write(sealMember({ buffer: Buffer.from(memory), payload, number }), number * MEMBER_BYTES);
    return { memory };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

function write(bytes: Buffer, position: number): void {
  hash.update(bytes);
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
