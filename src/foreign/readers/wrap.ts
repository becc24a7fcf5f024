import { MAX_CHART_BYTES, MAX_CHART_FILES } from "../../chart/chart-archive.ts";
import { MAX_CHART_FILE_BYTES } from "../../chart/chart-yaml.ts";
import { packChart } from "../../chart/pack-chart.ts";
import type { Bytes } from "../../content/content.ts";
import { authored, once, type Authored } from "../../content/memory.ts";
import { DrayError } from "../../errors.ts";
import type { Finding } from "../../finding.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestSchema } from "../../oci/descriptor-schema.ts";
import { encodedOf } from "../../oci/digest.ts";
import { MediaType } from "../../oci/media-type.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { z } from "../../oci/schema.ts";
import { BlobPool } from "../blob-pool.ts";
import { readWhole, type ByteRange, type FileTree } from "../file-tree.ts";
import {
  directoriesWith,
  type ForeignChart,
  type ForeignReader,
  type ForeignRoot,
} from "../foreign-content.ts";
import { readLayout } from "../layout-content.ts";
import { referenceClaim } from "../names.ts";
import { readYamlFile } from "../documents.ts";
import { readWrapArtifacts, type WrappedImage } from "../wrap-artifacts.ts";
import { append } from "../../content/append.ts";

const CHART = "chart/";
const LOCK = `${CHART}Images.lock`;

const schema = z.object({
  kind: z.literal("ImagesLock"),
  chart: z.object({ name: z.string(), version: z.string() }),
  images: z
    .array(
      z.object({
        name: z.string().nullish(),
        chart: z.string().nullish(),
        image: z.string(),
        digests: z.array(z.object({ digest: digestSchema, arch: z.string() })),
      }),
    )
    .nullish(),
});

type LockedImage = NonNullable<z.infer<typeof schema>["images"]>[number];

/**
 * A wrap of Distribution Tooling for Helm: a chart as it is on the disk, and a layout for each
 * platform of each image. The index that joined the platforms is not in it.
 * https://github.com/vmware-labs/distribution-tooling-for-helm/blob/v0.7.0/README.md
 */
export const wrap: ForeignReader = {
  detect: (tree) =>
    directoriesWith(tree, "Images.lock")
      .filter((at) => at.endsWith(CHART))
      .map((at) => at.slice(0, -CHART.length)),

  async open(tree, at, options) {
    const lock = await readYamlFile(tree, at + LOCK, schema);
    if (lock === undefined) return undefined;
    const blobs = new BlobPool(`wrap ${JSON.stringify(tree.place(at) || ".")}`);
    const place = tree.place(at + LOCK);
    const findings: Finding[] = [];
    const roots: ForeignRoot[] = [];
    const wrapped: WrappedImage[] = [];
    for (const image of lock.images ?? []) {
      const children = await readChildren(tree, at, { image, blobs, findings });
      if (image.digests.length === 0) findings.push(lost(image.image, place));
      if (children.length === 0) continue;
      const root = { ...join(image, children, { blobs, findings }), place };
      roots.push(root);
      if (root.name.kind !== "reference") continue;
      const directory = `${image.chart ?? lock.chart.name}/${image.name ?? ""}`;
      const { descriptor, name } = root;
      wrapped.push({ directory, reference: name.reference, descriptor });
    }
    options.signal?.throwIfAborted();
    const charts = [await chartOf(tree, at + CHART, lock.chart.name)];
    const about = await readWrapArtifacts(tree, at, wrapped);
    blobs.addAll(about.blobs);
    return {
      form: "dt wrap",
      blobs,
      roots: [...roots, ...about.roots],
      charts,
      findings: [...findings, ...about.findings],
      identity: lock.chart,
    };
  },
};

/** The platforms of an image, each out of its own layout. */
async function readChildren(
  tree: FileTree,
  at: string,
  { image, blobs, findings }: { image: LockedImage; blobs: BlobPool; findings: Finding[] },
): Promise<Descriptor[]> {
  const children: Descriptor[] = [];
  for (const { digest, arch } of image.digests) {
    const directory = `${at}images/${encodedOf(digest)}.layout/`;
    // Older wraps have archives of docker save instead, which are read as such.
    if (tree.files.has(directory.replace(/\.layout\/$/, ".tar"))) continue;
    const layout = await readLayout(tree, directory, { marker: "required" });
    append(findings, layout.findings);
    blobs.addAll(layout.blobs);
    const entry = layout.entries.find((candidate) => candidate.digest === digest);
    if (entry === undefined) findings.push(lost(`${image.image} for ${arch}`, digest));
    else {
      const { mediaType, size } = entry;
      children.push({ mediaType, digest, size, platform: parsePlatform(arch) });
    }
  }
  return children;
}

function join(
  { image }: LockedImage,
  children: readonly Descriptor[],
  { blobs, findings }: { blobs: BlobPool; findings: Finding[] },
): Omit<ForeignRoot, "place"> {
  const [first] = children;
  const name = referenceClaim(image);
  if (first !== undefined && children.length === 1) {
    const { platform: _, ...descriptor } = first;
    return { descriptor, name };
  }
  const index = indexOf(children);
  blobs.addDocument(index);
  findings.push(rebuilt(image, index.descriptor));
  return { descriptor: index.descriptor, name };
}

function indexOf(manifests: readonly Descriptor[]): Authored {
  const index = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests };
  return authored(MediaType.ociIndex, Buffer.from(JSON.stringify(index)));
}

/** The chart's directory, packed. */
async function chartOf(tree: FileTree, at: string, name: string): Promise<ForeignChart> {
  const files = new Map<string, Buffer>();
  let total = 0;
  for (const path of tree.below(at)) {
    const bytes = await readWhole(tree.follow(path), MAX_CHART_FILE_BYTES);
    total += bytes.length;
    if (total > MAX_CHART_BYTES || files.size >= MAX_CHART_FILES) throw tooLarge(tree.place(at));
    files.set(path.slice(at.length), bytes);
  }
  tree.claim(tree.below(at));
  const tgz = await packChart(files, { name, mtime: new Date(0) });
  const read = ({ offset = 0, length = tgz.length }: ByteRange = {}): Bytes =>
    once(tgz.subarray(offset, offset + length));
  const path = tree.place(at);
  return { tgz: { path, size: tgz.length, read }, provenance: undefined };
}

/** `entry` is where it should be: a digest, or the lock where that says none. */
function lost(image: string, entry: string): Finding {
  return {
    code: "BLOB_MISSING",
    severity: "error",
    entry,
    message: `${image} is in Images.lock and is missing: ${entry}`,
    hint: "Wrap the chart again, or copy the wrap again.",
  };
}

function rebuilt(image: string, { digest }: Descriptor): Finding {
  return {
    code: "DIGEST_NEW",
    severity: "info",
    entry: digest,
    message: `${image} gets a new index, ${digest}: a wrap does not keep the one that it had; its platforms keep their digests`,
    hint: "One platform can be taken under its own digest with --platform.",
  };
}

function tooLarge(place: string): DrayError {
  return new DrayError(
    "DRAY_CHART_INVALID",
    `Cannot read chart ${JSON.stringify(place)}: expected at most ${MAX_CHART_FILES} files and ${MAX_CHART_BYTES} bytes`,
    { kind: "refused" },
  );
}
