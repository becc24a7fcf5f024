import { resolve } from "node:path";
import { openArchive } from "../archive/open-archive.ts";
import { spooled } from "../archive/work-file.ts";
import { isOwnBundle } from "../bundle/locate.ts";
import { openBundle } from "../bundle/open.ts";
import { requireUsable, type UsableBundle } from "../bundle/opened.ts";
import { DrayError, shellWord } from "../errors.ts";
import type { Run } from "../events.ts";
import { explainPart } from "../archive/parts/explain-part.ts";
import { joinForeign, type Foreign } from "../foreign/join-foreign.ts";
import { readForeign, type OpenForeign } from "../foreign/read-foreign.ts";
import { findDetached } from "../trust/detached.ts";
import type { TrustPolicy } from "../trust/policy.ts";

/** What arrived packed already. */
export interface Packed {
  /** What others have packed, as if it were one thing. */
  readonly foreign: Foreign;
  /** What dray has packed, each on the word of its own signatures. */
  readonly bundles: readonly UsableBundle[];
}

/**
 * Opens what is packed already for as long as `use` works with it. Bundles of dray are trusted as
 * `trust` says, which is asked only for them; others have no signature.
 *
 * @throws BundleRefused, DrayError `DRAY_FROM_UNKNOWN`, and whatever cannot be opened
 */
export async function withPacked<T>(
  paths: readonly string[],
  { trust = trustNobody, run }: { trust: (() => Promise<TrustPolicy>) | undefined; run: Run },
  use: (packed: Packed) => Promise<T>,
): Promise<T> {
  const open: Closable[] = [];
  try {
    const foreign: Foreign[] = [];
    const bundles: UsableBundle[] = [];
    for (const path of paths) {
      const found = await openOne(path, { trust, run, open }).catch(async (error: unknown) => {
        throw await explainPart(error, path);
      });
      if ("contents" in found) bundles.push(found);
      else foreign.push(found);
    }
    return await use({ foreign: joinForeign(foreign), bundles });
  } finally {
    for (const one of open.toReversed()) await one.close();
  }
}

async function trustNobody(): Promise<TrustPolicy> {
  return {};
}

interface Closable {
  close(): Promise<void>;
}

interface Opening {
  readonly trust: () => Promise<TrustPolicy>;
  readonly run: Run;
  /** What has to be closed, the last first. */
  readonly open: Closable[];
}

async function openOne(
  path: string,
  { trust, run, open }: Opening,
): Promise<OpenForeign | UsableBundle> {
  const archive = await openArchive(path, run);
  open.push(archive);
  const readable = await spooled(archive, run);
  // It closes what it was made of.
  open.splice(-1, 1, readable);
  if (await isOwnBundle(readable)) {
    const detached = await findDetached(resolve(readable.path));
    const policy = await trust();
    const options = { policy, detached, repair: false, content: "readable" } as const;
    const opened = await openBundle(readable, { ...options, ...run });
    if (opened.delta !== undefined) throw isDelta(path);
    return requireUsable(path, opened);
  }
  const foreign = await readForeign(readable, run);
  if (foreign === undefined) throw unknown(path);
  open.push(foreign);
  return foreign;
}

function isDelta(path: string): DrayError {
  return new DrayError(
    "DRAY_BASE_MISSING",
    `Cannot pack from ${JSON.stringify(path)}: it is a delta, and lacks what its base has`,
    {
      kind: "refused",
      hint: `Make the whole of it first, \`dray unpack ${shellWord(path)} WHOLE --base OLD\`, and pack from that: --from WHOLE.`,
    },
  );
}

function unknown(path: string): DrayError {
  return new DrayError(
    "DRAY_FROM_UNKNOWN",
    `Cannot pack from ${JSON.stringify(path)}: expected an image layout, an archive of docker save, a bundle of dray or of another tool, found none of them`,
    { kind: "refused", hint: "A packed chart goes under --chart, a plain file under --file." },
  );
}
