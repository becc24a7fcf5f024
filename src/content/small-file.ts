import { closeSync, constants, createReadStream, fstatSync, open, readSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { Socket } from "node:net";
import { promisify } from "node:util";
import { DrayError, systemCode, unreadable } from "../errors.ts";
import { collect, type Bytes } from "./content.ts";

/** What is written by hand, and what tools write for one another: a thousand times less. */
const MAX_SMALL_FILE_BYTES = 64 * 1024 * 1024;

export interface SmallFile {
  /** What it is, for messages: `recipe`, `image list`. */
  readonly what: string;
  /** @default 64 MiB */
  readonly maxBytes?: number | undefined;
}

/**
 * Reads a file that somebody has named, or of which a place is known, whole: a regular one, or what comes
 * out of a pipe that is open. Neither a pipe that nobody writes to nor a device without end holds it up.
 *
 * @throws DrayError `DRAY_FILE_NOT_FOUND` for what is not there, no file, or larger
 */
export async function readSmallFile(
  path: string,
  { what, maxBytes = MAX_SMALL_FILE_BYTES }: SmallFile,
): Promise<Buffer> {
  const fail = (reason: string, cause?: unknown): DrayError =>
    new DrayError("DRAY_FILE_NOT_FOUND", `Cannot read ${what} ${JSON.stringify(path)}: ${reason}`, {
      kind: "usage",
      hint: "Check the path: it counts from the directory that dray runs in.",
      cause,
    });
  let bytes: Buffer;
  try {
    bytes = await readStart(path, maxBytes, { pipe: true });
  } catch (cause) {
    if (cause instanceof NotRegular) throw fail(cause.message, cause);
    throw unreadable(cause, what, path) ?? cause;
  }
  if (bytes.length > maxBytes) throw fail(`expected at most ${maxBytes} bytes, found more`);
  return bytes;
}

/** True for the refusal of a file that is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof DrayError && systemCode(error.cause) === "ENOENT";
}

/**
 * A small file whole; of a larger one, or of a device without end, one byte more than `maxBytes`, of a
 * pipe a chunk more. `pipe` lets pipes and devices pass, for what somebody has named: `--key <(command)`.
 * What merely lies somewhere has to be a file. A pipe that nobody has opened to write to is not waited for:
 * its writer may never come.
 *
 * @throws NotRegular
 */
export async function readStart(
  path: string,
  maxBytes: number,
  { pipe = false }: { pipe?: boolean } = {},
): Promise<Buffer> {
  const fd = await openFile(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const kind = fstatSync(fd);
  if (pipe && kind.isFIFO()) {
    const bytes = await collect(fromPipe(fd, maxBytes));
    if (bytes.length > 0 || !(await isNamedPipe(path))) return bytes;
    throw new NotRegular("it is a pipe, and nobody has written to it");
  }
  if (kind.isFile() || (pipe && kind.isCharacterDevice())) {
    return collect(createReadStream(path, { fd, end: maxBytes }) as AsyncIterable<Buffer>);
  }
  closeSync(fd);
  if (kind.isDirectory()) throw new NotRegular("it is a directory");
  throw new NotRegular("expected a regular file, found a pipe or device");
}

/** True for what `mkfifo` has made: a shell's `<(command)` may well print nothing. */
async function isNamedPipe(path: string): Promise<boolean> {
  return !path.startsWith("/dev/fd/") && (await lstat(path)).isFIFO();
}

/** What lies at a place is no file that could be read. */
export class NotRegular extends Error {}

const openFile = promisify(open);

/**
 * What is written to a pipe until its last writer closes it. Where there is no writer at all the first
 * read says so at once; a socket would wait for an event that never comes.
 */
async function* fromPipe(fd: number, maxBytes: number): Bytes {
  const first = readNow(fd);
  if (first?.length === 0) {
    closeSync(fd);
    return;
  }
  const rest: AsyncIterable<Buffer> = new Socket({ fd, readable: true, writable: false });
  let size = first?.length ?? 0;
  if (first !== undefined) yield first;
  for await (const chunk of rest) {
    yield chunk;
    size += chunk.length;
    if (size > maxBytes) return;
  }
}

/** What a pipe holds; undefined if it holds nothing yet. */
function readNow(fd: number): Buffer | undefined {
  try {
    const buffer = Buffer.alloc(64 * 1024);
    return buffer.subarray(0, readSync(fd, buffer));
  } catch (error) {
    if (systemCode(error) === "EAGAIN") return undefined;
    throw error;
  }
}
