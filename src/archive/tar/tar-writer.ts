import { PassThrough, Readable } from "node:stream";
import { Stats } from "node:fs";
import type { TarArchive } from "archiver";
import type { Bytes } from "../../content/content.ts";
import { DrayError } from "../../errors.ts";
import { TAR_BLOCK } from "./tar-header.ts";
import { fitsHeader, isWritableName } from "./writable-name.ts";

/** A file of a tar, without what is in it. */
export interface TarName {
  readonly name: string;
  /** Bytes of content. */
  readonly size: number;
  /** The name may need a PAX record: no plain header holds a SHA-512 digest. @default false */
  readonly mayBeLong?: boolean;
  /** Whoever unpacks it may run it. @default false */
  readonly isExecutable?: boolean;
}

/** A file to be written into a tar. */
export interface TarInput extends TarName {
  /** Exactly `size` bytes. */
  readonly content: Bytes;
}

/** Zeros at the end, and a header with one short record. */
const END_BLOCKS = 2;
const PAX_BLOCKS = 2;

/** Where the seconds of a time stamp still fit what tar-stream computes with. */
const MAX_SECONDS = 2 ** 31 - 1;

/**
 * A tar of regular files in the order they come, the same bytes for the same input.
 *
 * archiver is driven from behind a guard: one entry at a time, because it opens all it is given;
 * with its size, because it buffers what has none; and with a failing or mismeasured source turned
 * into a rejection, because archiver would wait for ever. It is never destroyed halfway, because it
 * throws then where nobody can catch it: whoever stops just reads no more of it.
 */
export async function* writeTar(
  files: AsyncIterable<TarInput> | Iterable<TarInput>,
  { mtime }: { mtime: Date },
): AsyncGenerator<Uint8Array, void, undefined> {
  requireTime(mtime);
  const { TarArchive: Archive } = await import("archiver");
  const archive = new Archive({});
  // As objects, chunks come out as they went in: bytes would be copied together.
  const output = new PassThrough({
    writableHighWaterMark: 1024 * 1024,
    readableObjectMode: true,
    readableHighWaterMark: 4,
  });
  archive.pipe(output);
  const feeding = feed(files, { archive, output, mtime });
  feeding.catch((error: unknown) => {
    output.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    yield* output as AsyncIterable<Uint8Array>;
  } finally {
    archive.unpipe(output);
    output.destroy();
  }
  await feeding;
}

/** Where `writeTar` puts the content of these files, and how much it makes of them, in bytes of tar. */
export interface TarLayout {
  /** Of each file, in their order. */
  readonly offsets: readonly number[];
  readonly size: number;
}

/** Bytes of the tar that `writeTar` makes of these files. */
export function tarSize(files: Iterable<TarName>): number {
  return layOutTar(files).size;
}

export function layOutTar(files: Iterable<TarName>): TarLayout {
  const offsets: number[] = [];
  let blocks = 0;
  for (const { name, size } of files) {
    blocks += 1 + (fitsHeader(name) ? 0 : PAX_BLOCKS);
    offsets.push(blocks * TAR_BLOCK);
    blocks += Math.ceil(size / TAR_BLOCK);
  }
  return { offsets, size: (blocks + END_BLOCKS) * TAR_BLOCK };
}

interface Feed {
  readonly archive: TarArchive;
  /** Closed when nobody reads any more. */
  readonly output: PassThrough;
  readonly mtime: Date;
}

async function feed(
  files: AsyncIterable<TarInput> | Iterable<TarInput>,
  into: Feed,
): Promise<void> {
  for await (const file of files) {
    requireWritableName(file);
    await append(file, into);
  }
  await into.archive.finalize();
}

function append(file: TarInput, { archive, output, mtime }: Feed): Promise<void> {
  if (output.destroyed) return Promise.reject(stopped());
  return new Promise((resolve, reject) => {
    const source = Readable.from(exactly(file), { objectMode: false, highWaterMark: 1024 * 1024 });
    const settle = (outcome: () => void): void => {
      archive.off("entry", onEntry);
      output.off("close", onClose);
      outcome();
    };
    const onEntry = (): void => settle(resolve);
    const onClose = (): void => {
      source.destroy();
      settle(() => reject(stopped()));
    };
    source.once("error", (error) => settle(() => reject(error)));
    archive.once("entry", onEntry);
    output.once("close", onClose);
    archive.append(source, {
      name: file.name,
      mode: file.isExecutable === true ? 0o755 : 0o644,
      date: mtime,
      stats: Object.assign(Object.create(Stats.prototype) as Stats, { size: file.size }),
    });
  });
}

function stopped(): Error {
  return new Error("nobody reads the archive any more");
}

/** tar-stream dies of a byte too many or too few: neither reaches it. */
async function* exactly({ name, size, content }: TarInput): AsyncGenerator<Uint8Array> {
  let passed = 0;
  for await (const chunk of content) {
    passed += chunk.length;
    if (passed > size) break;
    yield chunk;
  }
  if (passed === size) return;
  throw new DrayError(
    "DRAY_CONTENT_MISMATCH",
    `Cannot write ${JSON.stringify(name)}: expected ${size} bytes, found ${passed > size ? "more" : passed}`,
  );
}

function requireWritableName({ name, mayBeLong = false }: TarInput): void {
  if (isWritableName(name, { mayBeLong })) return;
  throw new DrayError(
    "DRAY_NAME_UNSUPPORTED",
    `Cannot write ${JSON.stringify(name)}: expected an ASCII name that fits a plain tar header`,
    { kind: "usage", hint: "Give the file a shorter or plainer name." },
  );
}

function requireTime(mtime: Date): void {
  const seconds = mtime.getTime() / 1000;
  if (seconds >= 0 && seconds <= MAX_SECONDS) return;
  throw new DrayError(
    "DRAY_TIME_UNSUPPORTED",
    `Cannot write an archive dated ${String(mtime)}: expected a time from 1970 to 2038`,
    { kind: "usage", hint: "Set SOURCE_DATE_EPOCH to another time." },
  );
}
