import { authored, type Authored } from "./memory.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { parseJson } from "../oci/json.ts";
import { parseManifest, type ImageIndex } from "../oci/manifest.ts";
import { isImageConfigType } from "../oci/media-type.ts";
import {
  formatPlatform,
  isRunnable,
  matchesPlatform,
  parseConfigPlatform,
  type Platform,
} from "../oci/platform.ts";
import { ATTESTED_DIGEST } from "../oci/referrer.ts";

/** What is left of an image when only some platforms are wanted. */
export interface Selection {
  /** The root to pack: another digest than the one that was found, unless nothing was left out. */
  readonly root: Descriptor;
  /** An index that had to be written anew. */
  readonly index: Authored | undefined;
  /** What the index says of the one image that is left: it stands beside it no more. */
  readonly attestations: readonly Descriptor[];
}

/**
 * Chooses platforms of an image. One platform gives the image manifest itself, under the digest
 * that its publisher gave it; several give a new index of these children, with a new digest.
 *
 * @throws DrayError `DRAY_PLATFORM_MISSING`
 */
export async function selectPlatforms(
  root: Descriptor,
  { platforms, name, read }: SelectOptions,
): Promise<Selection> {
  const raw = await read(root);
  const manifest = parseManifest(raw, { mediaType: root.mediaType, what: name });
  if (manifest.kind === "manifest") {
    const platform = await configPlatform(manifest.config, read);
    requireAll(platforms, platform === undefined ? [] : [platform], name);
    return { root, index: undefined, attestations: [] };
  }
  const found = runnableChildren(manifest);
  requireAll(
    platforms,
    found.map(({ platform }) => platform),
    name,
  );
  const chosen = found.filter(({ platform }) =>
    platforms.some((wanted) => matchesPlatform(wanted, platform)),
  );
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1) {
    const isAbout = ({ annotations }: Descriptor): boolean =>
      annotations?.[ATTESTED_DIGEST] === only.child.digest;
    const attestations = manifest.manifests.filter(isAbout).map(withoutPlatform);
    return { root: withoutPlatform(only.child), index: undefined, attestations };
  }
  const digests = new Set<string>(chosen.map(({ child }) => child.digest));
  const kept = manifest.manifests.map(
    ({ digest, annotations }) =>
      digests.has(digest) || digests.has(annotations?.[ATTESTED_DIGEST] ?? ""),
  );
  if (!kept.includes(false)) return { root, index: undefined, attestations: [] };
  const index = rewritten(manifest, kept, name);
  return { root: index.descriptor, index, attestations: [] };
}

export interface SelectOptions {
  readonly platforms: readonly Platform[];
  /** The image's reference, for messages. */
  readonly name: string;
  readonly read: (descriptor: Descriptor) => Promise<Buffer>;
}

function runnableChildren(index: ImageIndex): { child: Descriptor; platform: Platform }[] {
  return index.manifests.flatMap((child) =>
    child.platform !== undefined && isRunnable(child.platform)
      ? [{ child, platform: child.platform }]
      : [],
  );
}

async function configPlatform(
  config: Descriptor,
  read: SelectOptions["read"],
): Promise<Platform | undefined> {
  if (!isImageConfigType(config.mediaType)) return undefined;
  return parseConfigPlatform(await read(config), config.digest);
}

function list(platforms: readonly Platform[]): string {
  return platforms.map(formatPlatform).join(", ");
}

function requireAll(wanted: readonly Platform[], found: readonly Platform[], name: string): void {
  const missing = wanted.filter((one) => !found.some((other) => matchesPlatform(one, other)));
  if (missing.length === 0) return;
  throw new DrayError(
    "DRAY_PLATFORM_MISSING",
    `Cannot take ${name} for ${list(missing)}: found ${list(found) || "no platform"}`,
    { kind: "usage", hint: "Ask for other platforms, or leave the image out of the filter." },
  );
}

/** A manifest that stands alone is not described by a platform, its config does that. */
function withoutPlatform({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** The index with some children left out and everything else as it was. */
function rewritten(index: ImageIndex, kept: readonly boolean[], name: string): Authored {
  const document = parseJson(index.raw, name) as { manifests: unknown[] };
  const manifests = document.manifests.filter((_child, position) => kept[position]);
  return authored(index.mediaType, Buffer.from(JSON.stringify({ ...document, manifests })));
}
