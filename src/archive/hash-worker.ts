import { createHash } from "node:crypto";
import { openSync, readSync, readvSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { HashTask } from "./archive.ts";
import { FileRange, memoryInTurn, type Readable } from "./file-range.ts";
import type { HashReply, Stretch } from "./hash-pool.ts";
import { MemberTar } from "./members/member-reader.ts";
import { openPieces } from "./parts/several-files.ts";
import { PlainTar } from "./tar/seekable-tar.ts";
import { toFailure } from "./threads.ts";

/** A thread that hashes what it is told of one carrier, which it opens for itself. */
const { pieces, start, size } = workerData as Stretch;
const opened = openCarrier();
// Whoever asks for something hears why it is not open: by itself that would end the thread.
opened.catch(() => undefined);
const memory = memoryInTurn();

parentPort?.on("message", (task: HashTask) => {
  void answer(task).then((reply) => parentPort?.postMessage(reply));
});

async function openCarrier(): Promise<MemberTar | PlainTar> {
  const [only, ...others] = pieces;
  const file =
    only !== undefined && others.length === 0 ? waitedFor(only.path) : await openPieces(pieces);
  const range = new FileRange(file, { pieces, start, size });
  return (await MemberTar.open(range)) ?? new PlainTar(range);
}

/**
 * A file that this thread waits for: it has nothing else to do, and to have another one read each piece
 * costs as much as reading it. The system reads ahead by itself.
 */
function waitedFor(path: string): Readable {
  const file = openSync(path, "r");
  return {
    read: async ({ buffer, offset, length, position }) => ({
      bytesRead: readSync(file, buffer, offset, length, position),
    }),
    readv: async (buffers, position) => ({ bytesRead: readvSync(file, buffers, position) }),
  };
}

async function answer(task: HashTask): Promise<HashReply> {
  try {
    return { digests: await digestsOf(task) };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

/** Often enough for who looks on, and no work. */
const SAID_BYTES = 16 * 1024 * 1024;

function say(read: number): 0 {
  const reply: HashReply = { read };
  parentPort?.postMessage(reply);
  return 0;
}

/** In hexadecimal; the carrier is checked on the way. */
async function digestsOf({
  position,
  size: length,
  algorithms,
  check = true,
}: HashTask): Promise<string[]> {
  const hashes = algorithms.map((algorithm) => createHash(algorithm));
  const tar = await opened;
  let unsaid = 0;
  for await (const piece of tar.read(position, length, { check, memory })) {
    for (const hash of hashes) hash.update(piece);
    unsaid += piece.length;
    if (unsaid >= SAID_BYTES) unsaid = say(unsaid);
  }
  say(unsaid);
  return hashes.map((hash) => hash.digest("hex"));
}
