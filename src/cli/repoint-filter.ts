import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { ChangedImage, FilteredManifests, LeftImage } from "../index.ts";
import { bundleChoices, speaksOfBundle, type BundleFlags } from "./bundle-flags.ts";
import { readMapping, type MapFlags } from "./map-flags.ts";
import type { Session, SessionFlags } from "./session.ts";
import { formatTable, paragraphs, plural, section } from "./table.ts";
import { requireTarget, type TargetFlags } from "./target-flags.ts";
import { printable, type Io } from "./terminal.ts";

/** Manifests of a release with every CRD that it may have. */
const MAX_BYTES = 64 * 1024 * 1024;

interface FilterFlags extends BundleFlags, SessionFlags, MapFlags, TargetFlags {
  readonly keepUnmapped?: boolean;
}

interface FilterWords {
  readonly path: string | undefined;
  readonly target: string | undefined;
}

/** One word is the target, unless it is a path that is there or flags speak of a bundle; then it is that. */
export function filterWords(
  [first, second]: readonly (string | undefined)[],
  command: Command,
): FilterWords {
  if (first === undefined || second !== undefined) return { path: first, target: second };
  const isBundle = speaksOfBundle(command) || existsSync(first);
  return isBundle ? { path: first, target: undefined } : { path: undefined, target: first };
}

/**
 * Reads manifests on standard input and writes them to standard output with their images at the target.
 * Where a container would still pull from elsewhere nothing is written, so that nothing is installed half.
 */
export async function runFilter(
  { path, target }: FilterWords,
  flags: FilterFlags,
  session: Session,
): Promise<void> {
  const { repointManifests } = await import("../index.ts");
  const options = {
    target: await requireTarget(target, flags),
    mapping: await readMapping(flags),
    bundle: path === undefined ? undefined : { path, ...(await bundleChoices(flags, session)) },
  };
  const found = await repointManifests(await readManifests(session.io), options, session.run);
  const refused = found.left.filter(({ isPulled }) => isPulled);
  const isRefused = refused.length > 0 && flags.keepUnmapped !== true;
  if (!isRefused) session.io.stdout.write(found.text);
  session.io.stderr.write(printable(formatFiltered(found, flags)));
  if (!isRefused) return;
  session.io.stderr.write(
    `dray: Cannot repoint: ${plural(refused.length, "image")} of containers would come from elsewhere [IMAGE_ELSEWHERE]\n` +
      "  → Nothing was written. Bring them to the target, or let them pass with --keep-unmapped.\n",
  );
  session.refuse("");
}

function formatFiltered({ changed, left }: FilteredManifests, { quiet }: FilterFlags): string {
  return paragraphs([
    quiet === true ? "" : section("Changed:", table(changed)),
    section("Left as it is:", table(left)),
  ]);
}

function table(images: readonly (ChangedImage | LeftImage)[]): string {
  const rows = images.map((one) => {
    const end = "target" in one ? `→ ${one.target}` : one.reason;
    return [one.object, one.where, one.image, end];
  });
  return formatTable(rows);
}

async function readManifests({ stdin }: Io): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as string | Uint8Array);
    size += bytes.length;
    if (size > MAX_BYTES) break;
    chunks.push(bytes);
  }
  if (size <= MAX_BYTES) return Buffer.concat(chunks).toString("utf8");
  const { DrayError } = await import("../index.ts");
  throw new DrayError(
    "DRAY_USAGE",
    `Cannot read the manifests: standard input has more than ${MAX_BYTES} bytes`,
    { kind: "usage" },
  );
}
