import type { ContentOptions } from "../../content/content.ts";
import type { Finding } from "../../finding.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { BLOBS_DIRECTORY, INDEX_FILE } from "../../oci/image-layout.ts";
import { z } from "../../oci/schema.ts";
import { BlobPool } from "../blob-pool.ts";
import { checkListed, type ListedFiles } from "../check-sums.ts";
import type { FileTree } from "../file-tree.ts";
import {
  directoriesWith,
  type ForeignIdentity,
  type ForeignReader,
  type ForeignRoot,
} from "../foreign-content.ts";
import { readLayout } from "../layout-content.ts";
import { namedRoots, referenceClaim } from "../names.ts";
import { readYamlFile } from "../documents.ts";

const DEFINITION = "zarf.yaml";
const SUMS = "checksums.txt";
const SIGNATURES: readonly string[] = ["zarf.bundle.sig", "zarf.yaml.sig"];
const IMAGES = "images/";

/** Where older packages have the name of an image. */
const BASE_NAME = "org.opencontainers.image.base.name";

const schema = z.object({
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    version: z.string().nullish(),
    aggregateChecksum: z.string().nullish(),
  }),
  build: z
    .object({
      differential: z.string().nullish(),
      signed: z.string().nullish(),
      provenanceFiles: z.array(z.string()).nullish(),
    })
    .nullish(),
});

type Definition = z.infer<typeof schema>;

/**
 * A package of Zarf: a definition that holds the sum of a list of sums, one layout of all images,
 * and an archive for each component, in which charts lie.
 * https://docs.zarf.dev/ref/packages/
 */
export const zarfPackage: ForeignReader = {
  detect: (tree) => directoriesWith(tree, DEFINITION),

  async open(tree, at, options) {
    const definition = await readYamlFile(tree, at + DEFINITION, schema);
    if (definition === undefined) return undefined;
    const findings = [
      ...(await checkPackage(tree, at, { definition, options })),
      ...signatures(tree, at),
    ];
    if (definition.build?.differential === "true") findings.push(differential(tree.place(at)));
    const images = await readImages(tree, at + IMAGES);
    tree.claim([DEFINITION, SUMS, ...SIGNATURES].map((name) => at + name));
    return {
      form: "Zarf package",
      ...images,
      findings: [...findings, ...images.findings],
      identity: identityOf(definition),
    };
  },
};

/** The definition vouches for the list, the list for every other file. */
function checkPackage(
  tree: FileTree,
  at: string,
  { definition, options }: { definition: Definition; options: ContentOptions },
): Promise<Finding[]> {
  const { metadata, build } = definition;
  const own = [DEFINITION, SUMS, ...SIGNATURES, ...(build?.provenanceFiles ?? [])];
  const listed: ListedFiles = {
    list: SUMS,
    sum: metadata.aggregateChecksum ?? undefined,
    unlisted: new Set(own),
    // A blob is checked against its own digest when it is read.
    isCheckedElsewhere: (path, sum) => path === `${IMAGES}${BLOBS_DIRECTORY}/sha256/${sum}`,
  };
  return checkListed(tree, at, { ...options, listed });
}

/** A package need not have images. */
async function readImages(
  tree: FileTree,
  at: string,
): Promise<{ blobs: BlobPool; roots: ForeignRoot[]; findings: readonly Finding[] }> {
  if (tree.below(at).length === 0) {
    return { blobs: new BlobPool("no images"), roots: [], findings: [] };
  }
  const { entries, blobs, findings } = await readLayout(tree, at, { marker: "required" });
  const roots = namedRoots(entries, tree.place(at + INDEX_FILE));
  return { blobs, findings, roots: roots.map((root, index) => named(root, entries[index])) };
}

function named(root: ForeignRoot, entry: Descriptor | undefined): ForeignRoot {
  if (root.name.kind === "reference") return root;
  const name = referenceClaim(entry?.annotations?.[BASE_NAME]);
  return name.kind === "reference" ? { ...root, name } : root;
}

function identityOf({ metadata: { name, version } }: Definition): ForeignIdentity {
  return { name, version: version ?? "0.0.0" };
}

function signatures(tree: FileTree, at: string): Finding[] {
  return SIGNATURES.filter((name) => tree.files.has(at + name)).map((name) => ({
    code: "SIGNATURE_NOT_CHECKED",
    severity: "warning",
    entry: tree.place(at + name),
    message: `${tree.place(at + name)} is a signature that dray does not check`,
    hint: "Check it with `zarf package verify` before you trust this package.",
  }));
}

function differential(place: string): Finding {
  return {
    code: "PACKAGE_DIFFERENTIAL",
    severity: "warning",
    entry: place === "" ? DEFINITION : place,
    message: "This is a differential package: images of an earlier version are not in it",
  };
}
