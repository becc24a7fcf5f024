import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, encodedOf } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";
import { append } from "../content/append.ts";
import { BlobPool } from "./blob-pool.ts";
import type { FileTree } from "./file-tree.ts";
import type { ForeignRoot } from "./foreign-content.ts";
import { readLayout } from "./layout-content.ts";

/** An image of a wrap: where what is about it lies, and what that is about. */
export interface WrappedImage {
  /** `CHART/NAME` below `artifacts/images/`. */
  readonly directory: string;
  readonly reference: Reference;
  readonly descriptor: Descriptor;
}

export interface WrapArtifacts {
  readonly blobs: BlobPool;
  readonly roots: readonly ForeignRoot[];
  readonly findings: readonly Finding[];
}

const ARTIFACTS = "artifacts/";
const INDEX = /^(.+)\/([^/]+?)\.(metadata\.sig|metadata|sig)\/index\.json$/;

/**
 * Signatures and metadata of images lie in a wrap as layouts, and get the tags that dt would give
 * them: made of the digest of what they are about. What is about the chart itself is left out.
 * https://github.com/vmware-labs/distribution-tooling-for-helm/blob/v0.7.0/pkg/artifacts/artifacts.go
 */
export async function readWrapArtifacts(
  tree: FileTree,
  at: string,
  images: readonly WrappedImage[],
): Promise<WrapArtifacts> {
  const blobs = new BlobPool(`artifacts of wrap ${JSON.stringify(tree.place(at) || ".")}`);
  const roots: ForeignRoot[] = [];
  const findings: Finding[] = [];
  const base = `${at}${ARTIFACTS}images/`;
  for (const path of tree.below(base)) {
    const [, directory, tag = "", kind = ""] = INDEX.exec(path.slice(base.length)) ?? [];
    const image = images.find((one) => one.directory === directory && isTagOf(one, tag));
    if (image === undefined) continue;
    try {
      const layout = await readLayout(tree, path.replace(/index\.json$/, ""), {
        marker: "required",
      });
      blobs.addAll(layout.blobs);
      append(findings, layout.findings);
      const place = tree.place(path);
      for (const { annotations: _, ...descriptor } of layout.entries) {
        const about = { image, tag, kind, base: base + (directory ?? "") };
        for (const name of await tagsFor(tree, about)) {
          const { registry, repository } = image.reference;
          const reference = { registry, repository, tag: name };
          roots.push({ descriptor, name: { kind: "reference", reference }, place });
        }
      }
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      findings.push(findingOf(error, tree.place(path)));
    }
  }
  const rest = tree.below(at + ARTIFACTS).filter((path) => !tree.isClaimed(path));
  tree.claim(rest);
  return { blobs, roots, findings: [...findings, ...leftOut(tree, rest)] };
}

/** A name that was pinned goes by its digest. */
function isTagOf({ reference: { tag, digest } }: WrappedImage, text: string): boolean {
  return text === (digest === undefined ? tag : encodedOf(digest));
}

async function tagsFor(
  tree: FileTree,
  { image, tag, kind, base }: { image: WrappedImage; tag: string; kind: string; base: string },
): Promise<string[]> {
  if (kind === "sig") return [digestTag(image.descriptor, "sig")];
  if (kind === "metadata") return [digestTag(image.descriptor, "metadata"), `${tag}-metadata`];
  const { entries } = await readLayout(tree, `${base}/${tag}.metadata/`, { marker: "required" });
  return entries.slice(0, 1).map((metadata) => digestTag(metadata, "sig"));
}

function digestTag({ digest }: Descriptor, ending: string): string {
  return `${algorithmOf(digest)}-${encodedOf(digest)}.${ending}`;
}

function leftOut(tree: FileTree, paths: readonly string[]): Finding[] {
  const [first] = paths;
  if (first === undefined) return [];
  const place = tree.place(first);
  const message = `${place} and what lies beside it is about the chart, which gets a new digest: it is left out`;
  return [{ code: "FILE_LEFT_OUT", severity: "info", entry: place, message }];
}
