import { DrayError } from "../../errors.ts";
import { findingOf, type Finding } from "../../finding.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { parseDigest, type Digest } from "../../oci/digest.ts";
import { MediaType } from "../../oci/media-type.ts";
import { z } from "../../oci/schema.ts";
import { BlobPool } from "../blob-pool.ts";
import type { FileTree } from "../file-tree.ts";
import type { ForeignReader, ForeignRoot } from "../foreign-content.ts";
import { mediaTypeOf, readYamlFile, tryDigest } from "../documents.ts";
import { referenceClaim } from "../names.ts";
import { append } from "../../content/append.ts";

const STORAGE = "docker/registry/v2/";

/** `REPOSITORY/_manifests/tags/TAG/current/link` below `repositories/`. */
const TAG_LINK = /^repositories\/(.+)\/_manifests\/tags\/([^/]+)\/current\/link$/;

/** What has been stored by its digest, whether or not it has a tag too. */
const REVISION_LINK = /^repositories\/(.+)\/_manifests\/revisions\/sha\d+\/[a-f0-9]+\/link$/;
const BLOB = /^blobs\/([a-z0-9]+)\/[a-f0-9]{2}\/([a-f0-9]+)\/data$/;
const MAX_LINK_BYTES = 256;

/** Stands for a registry that nobody has noted (RFC 2606). */
const UNKNOWN_HOST = "unknown.invalid";

/** `images.yaml` of mindthegap: registry, repositories, tags. */
const imagesSchema = z.record(
  z.string(),
  z.object({ images: z.record(z.string(), z.array(z.string()).nullish()).nullish() }),
);

/**
 * The storage of a registry, as mindthegap, oc-mirror and KOTS pack it. Repositories stand in it
 * without the registry that they came from; only mindthegap says which one that was. What has no
 * tag, such as a signature, is a revision of its repository.
 * https://github.com/distribution/distribution/blob/v2.8.3/registry/storage/paths.go
 */
export const registryStorage: ForeignReader = {
  detect(tree) {
    const found = new Set<string>();
    for (const path of tree.unclaimed()) {
      const start = path.indexOf(`${STORAGE}repositories/`);
      if (start === 0 || path[start - 1] === "/") found.add(path.slice(0, start));
    }
    return [...found];
  },

  async open(tree, at) {
    const root = at + STORAGE;
    const blobs = poolOf(tree, root);
    const noted = await readHosts(tree, `${at}images.yaml`);
    const roots: ForeignRoot[] = [];
    const findings: Finding[] = [];
    for (const path of tree.below(`${root}repositories/`)) {
      const link = linkAt(path.slice(root.length));
      if (link === undefined) continue;
      const place = tree.place(path);
      try {
        const digest = await readLink(tree, path);
        const isLost = link.tag === undefined && !blobs.has(digest);
        const descriptor = isLost ? lostRevision(digest) : await describe(digest, blobs);
        roots.push({ ...nameOf(link, descriptor, noted), descriptor, place });
      } catch (error) {
        if (!(error instanceof DrayError)) throw error;
        const message = `${link.repository}: ${error.message}`;
        findings.push({ ...findingOf(error, place), message });
      }
    }
    append(findings, lostHosts(roots));
    append(findings, lostTags(tree, root, noted));
    tree.claim([...tree.below(root), `${at}images.yaml`, `${at}charts.yaml`]);
    return { form: formOf(tree, at), blobs, roots, findings };
  },
};

/** A manifest of a repository, by its tag or by its digest alone. */
interface ManifestLink {
  readonly repository: string;
  readonly tag?: string | undefined;
}

function linkAt(path: string): ManifestLink | undefined {
  const [, tagged, tag] = TAG_LINK.exec(path) ?? [];
  if (tagged !== undefined) return { repository: tagged, tag };
  const [, repository] = REVISION_LINK.exec(path) ?? [];
  return repository === undefined ? undefined : { repository };
}

function nameOf(
  { repository, tag }: ManifestLink,
  { digest }: Descriptor,
  noted: NotedImages,
): Pick<ForeignRoot, "name" | "isByDigest"> {
  const text = tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`;
  const host = noted.byTag.get(text) ?? noted.byRepository.get(repository) ?? UNKNOWN_HOST;
  return { name: referenceClaim(`${host}/${text}`), isByDigest: tag === undefined };
}

function poolOf(tree: FileTree, root: string): BlobPool {
  const blobs = new BlobPool(`registry storage ${JSON.stringify(tree.place(root))}`);
  for (const path of tree.below(`${root}blobs/`)) {
    const [, algorithm = "", encoded = ""] = BLOB.exec(path.slice(root.length)) ?? [];
    const digest = tryDigest(`${algorithm}:${encoded}`);
    const file = tree.files.get(path);
    if (digest !== undefined && file !== undefined) blobs.addFile(digest, file);
  }
  return blobs;
}

async function readLink(tree: FileTree, path: string): Promise<Digest> {
  const text = (await tree.readSmall(path, MAX_LINK_BYTES)).toString("utf8");
  return parseDigest(text.trim());
}

/** Whoever follows the graph says that it is missing, once for all that need it. */
function lostRevision(digest: Digest): Descriptor {
  return { mediaType: MediaType.ociManifest, digest, size: 0 };
}

/** A link says neither size nor type: the manifest does. */
async function describe(digest: Digest, blobs: BlobPool): Promise<Descriptor> {
  const file = blobs.fileOf({ digest, size: -1 });
  if (file === undefined) {
    throw new DrayError("DRAY_BLOB_MISSING", `manifest ${digest} is missing`, {
      kind: "refused",
      hint: "Of a set of archives all are needed: put them into one directory and name that.",
    });
  }
  const stored = { mediaType: MediaType.octetStream, digest, size: file.size };
  const raw = await blobs.read(stored);
  return { ...stored, mediaType: mediaTypeOf(raw, `manifest ${digest}`) };
}

/** Where images came from, where that was noted. */
interface NotedImages {
  /** The registry of each `REPOSITORY:TAG`. */
  readonly byTag: ReadonlyMap<string, string>;
  readonly byRepository: ReadonlyMap<string, string>;
}

async function readHosts(tree: FileTree, path: string): Promise<NotedImages> {
  const byTag = new Map<string, string>();
  const byRepository = new Map<string, string>();
  if (!tree.files.has(path)) return { byTag, byRepository };
  const registries = (await readYamlFile(tree, path, imagesSchema)) ?? {};
  for (const [host, { images }] of Object.entries(registries)) {
    for (const [repository, tags] of Object.entries(images ?? {})) {
      byRepository.set(repository, host);
      for (const tag of tags ?? []) byTag.set(`${repository}:${tag}`, host);
    }
  }
  return { byTag, byRepository };
}

/** What was noted and is not there. */
function lostTags(tree: FileTree, root: string, { byTag }: NotedImages): Finding[] {
  return [...byTag].flatMap(([text, host]) => {
    const colon = text.lastIndexOf(":");
    const [repository, tag] = [text.slice(0, colon), text.slice(colon + 1)];
    const path = `${root}repositories/${repository}/_manifests/tags/${tag}/current/link`;
    if (tree.files.has(path)) return [];
    const message = `${host}/${text} is in images.yaml and is not in the storage`;
    const hint = "Make the bundle again, or copy it again.";
    return [{ code: "ENTRY_MISSING", severity: "error", entry: tree.place(path), message, hint }];
  });
}

function formOf(tree: FileTree, at: string): string {
  if (tree.files.has(`${at}images.yaml`)) return "mindthegap bundle";
  if (tree.below(`${at}working-dir/`).length > 0) return "oc-mirror archive";
  return "registry storage";
}

function lostHosts(roots: readonly ForeignRoot[]): Finding[] {
  const lost = roots.filter(
    ({ name, isByDigest }) =>
      name.kind === "reference" &&
      name.reference.registry === UNKNOWN_HOST &&
      (isByDigest !== true || roots.every((root) => root.isByDigest)),
  );
  const [first] = lost;
  if (first === undefined) return [];
  const message = `${lost.length} names do not say which registry they came from: ${UNKNOWN_HOST} stands for it`;
  return [{ code: "NAME_HOST_LOST", severity: "warning", entry: first.place, message }];
}
