import type { OpenedFile, UsableBundle } from "../bundle/opened.ts";
import { readGraph, type Root } from "../content/graph.ts";
import { selectPlatforms } from "../content/select-platforms.ts";
import { DrayError } from "../errors.ts";
import { blobPath } from "../oci/image-layout.ts";
import { parsePlatform, type Platform } from "../oci/platform.ts";

/** An image of a bundle, as a container runtime shall have it. */
export interface LoadableImage {
  readonly reference: string;
  readonly root: Root;
  /** Every blob that it needs, under its path in a layout. */
  readonly blobs: readonly OpenedFile[];
}

export interface LoadableChoices {
  /** Take this one only; else all that there are. */
  readonly platform: Platform | undefined;
  /** The form has room for one platform: an image that has several is refused unless one is asked for. */
  readonly onePlatform: boolean;
}

/**
 * The images of a bundle in its order, without charts and other artifacts.
 * @throws DrayError `DRAY_PLATFORM_MISSING`
 */
export async function loadableImages(
  bundle: UsableBundle,
  choices: LoadableChoices,
): Promise<readonly LoadableImage[]> {
  const roots = new Map(bundle.graph.roots.map((root) => [root.descriptor.digest, root]));
  const files = new Map(bundle.files().map((file) => [file.path, file]));
  const images: LoadableImage[] = [];
  for (const { kind, reference, digest } of bundle.contents.artifacts) {
    const found = roots.get(digest);
    if (kind !== "image" || found === undefined) continue;
    const platform = platformOf(found, reference, choices);
    const root = platform === undefined ? found : await only(platform, found, bundle);
    images.push({ reference, root, blobs: blobsOf(root, files) });
  }
  return images;
}

/** The platform to take alone, undefined for all of the image. */
function platformOf(
  { platforms }: Root,
  reference: string,
  { platform, onePlatform }: LoadableChoices,
): Platform | undefined {
  if (platform !== undefined || !onePlatform) return platform;
  const [first, ...others] = platforms;
  if (others.length === 0) return first === undefined ? undefined : parsePlatform(first);
  throw new DrayError(
    "DRAY_PLATFORM_MISSING",
    `Cannot write ${reference} as a Docker archive: expected one platform, found ${platforms.join(", ")}`,
    { kind: "usage", hint: `Choose one, such as --platform ${first}, or use --as oci-archive.` },
  );
}

async function only(platform: Platform, root: Root, { source }: UsableBundle): Promise<Root> {
  const name = root.name ?? root.descriptor.digest;
  const platforms = [platform];
  const chosen = await selectPlatforms(root.descriptor, {
    platforms,
    name,
    read: (descriptor) => source.read(descriptor),
  });
  const [found] = (await readGraph(source, [chosen.root])).roots;
  return found ?? root;
}

function blobsOf(root: Root, files: ReadonlyMap<string, OpenedFile>): OpenedFile[] {
  return [...root.blobs.keys()].map((digest) => {
    const file = files.get(blobPath(digest));
    if (file === undefined)
      throw new Error(`${digest} is in the graph of a usable bundle, and no file`);
    return file;
  });
}
