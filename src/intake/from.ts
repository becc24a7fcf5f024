import { openArchive } from "../archive/open-archive.ts";
import { spooled } from "../archive/work-file.ts";
import { DrayError } from "../errors.ts";
import type { Run } from "../events.ts";
import { explainPart } from "../foreign/parts.ts";
import { joinForeign, type Foreign } from "../foreign/join-foreign.ts";
import { readForeign } from "../foreign/read-foreign.ts";
import { isOwnBundle } from "../bundle/locate.ts";

/**
 * Opens what others have packed, as if it were one thing, for as long as `use` works with it.
 * @throws DrayError `DRAY_FROM_OWN`, `DRAY_FROM_UNKNOWN`, and whatever cannot be opened
 */
export async function withForeign<T>(
  paths: readonly string[],
  run: Run,
  use: (foreign: Foreign) => Promise<T>,
): Promise<T> {
  const open: Closable[] = [];
  try {
    const found: Foreign[] = [];
    for (const path of paths) {
      found.push(
        await openOne(path, run, open).catch((error: unknown) => {
          throw explainPart(path, error);
        }),
      );
    }
    return await use(joinForeign(found));
  } finally {
    for (const one of open.toReversed()) await one.close();
  }
}

interface Closable {
  close(): Promise<void>;
}

async function openOne(path: string, run: Run, open: Closable[]): Promise<Foreign> {
  const archive = await openArchive(path, run);
  open.push(archive);
  if (await isOwnBundle(archive)) throw own(path);
  const readable = await spooled(archive, run);
  // It closes what it was made of.
  open.splice(-1, 1, readable);
  const foreign = await readForeign(readable, run);
  if (foreign === undefined) throw unknown(path);
  open.push(foreign);
  return foreign;
}

function own(path: string): DrayError {
  return new DrayError(
    "DRAY_FROM_OWN",
    `Cannot pack from ${JSON.stringify(path)}: it is a bundle of dray, or cannot be read`,
    {
      kind: "usage",
      hint: "`dray verify` says which; a bundle can be pushed and carried as it is.",
    },
  );
}

function unknown(path: string): DrayError {
  return new DrayError(
    "DRAY_FROM_UNKNOWN",
    `Cannot pack from ${JSON.stringify(path)}: expected an image layout, an archive of docker save or a bundle of another tool, found neither`,
    { kind: "refused", hint: "A packed chart goes under --chart, a plain file under --file." },
  );
}
