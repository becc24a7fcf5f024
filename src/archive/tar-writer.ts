import { Readable } from "node:stream";
import { Stats } from "node:fs";
import type { TarArchive } from "archiver";
import type { Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";

/** A file to be written into a tar. */
export interface TarInput {
  readonly name: string;
  /** Bytes of content; `content` must have exactly as many. */
  readonly size: number;
  readonly content: Bytes;
}

/** ustar: a name of 100 bytes behind a prefix of 155. */
const MAX_NAME = 100;
const MAX_PREFIX = 155;

/**
 * A tar of regular files in the order they come, the same bytes for the same input.
 *
 * archiver is driven from behind a guard: one entry at a time, because it opens all it is given;
 * with its size, because it buffers what has none; and with a failing or mismeasured source turned
 * into a rejection, because archiver would wait for ever or throw where nobody can catch it.
 */
export async function* writeTar(
  files: AsyncIterable<TarInput> | Iterable<TarInput>,
  { mtime }: { mtime: Date },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { TarArchive: Archive } = await import("archiver");
  const archive = new Archive({});
  const feeding = feed(archive, files, mtime).catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  });
  feeding.catch(() => undefined);
  try {
    yield* archive as AsyncIterable<Uint8Array>;
  } finally {
    // A consumer that stops early must not leave a source open.
    archive.destroy();
    archive.abort();
  }
  await feeding;
}

async function feed(
  archive: TarArchive,
  files: AsyncIterable<TarInput> | Iterable<TarInput>,
  mtime: Date,
): Promise<void> {
  for await (const file of files) {
    requireUstarName(file.name);
    await append(archive, file, mtime);
  }
  await archive.finalize();
}

function append(archive: TarArchive, file: TarInput, mtime: Date): Promise<void> {
  return new Promise((resolve, reject) => {
    const source = Readable.from(exactly(file), { objectMode: false, highWaterMark: 1024 * 1024 });
    const settle = (outcome: () => void): void => {
      archive.off("entry", onEntry).off("close", onClose);
      outcome();
    };
    const onEntry = (): void => settle(resolve);
    const onClose = (): void => {
      source.destroy();
      settle(() => reject(new Error("the archive was closed early")));
    };
    source.once("error", (error) => settle(() => reject(error)));
    archive.once("entry", onEntry).once("close", onClose);
    archive.append(source, {
      name: file.name,
      mode: 0o644,
      date: mtime,
      stats: Object.assign(Object.create(Stats.prototype) as Stats, { size: file.size }),
    });
  });
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

/** Names that need no PAX record: a bundle has none, so that any tar reads it. */
function requireUstarName(name: string): void {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(name);
  if (plain && fitsUstar(name)) return;
  throw new DrayError(
    "DRAY_NAME_UNSUPPORTED",
    `Cannot write ${JSON.stringify(name)}: expected an ASCII name that fits a plain tar header`,
    { kind: "usage", hint: "Give the file a shorter or plainer name." },
  );
}

function fitsUstar(name: string): boolean {
  if (name.length <= MAX_NAME) return true;
  const slash = name.indexOf("/", name.length - MAX_NAME - 1);
  return slash > 0 && slash <= MAX_PREFIX;
}
