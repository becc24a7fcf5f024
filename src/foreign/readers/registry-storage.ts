import { DrayError } from "../../errors.ts";
import { findingOf, type Finding } from "../../finding.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { parseDigest, type Digest } from "../../oci/digest.ts";
import { MediaType } from "../../oci/media-type.ts";
import { z } from "../../oci/schema.ts";
import { BlobPool } from "../blob-pool.ts";
import type { FileTree } from "../file-tree.ts";
import type { ForeignReader, ForeignRoot } from "../foreign-content.ts";
import { mediaTypeOf } from "../documents.ts";
import { referenceClaim } from "../names.ts";
import { tryDigest } from "../documents.ts";
import { readYamlFile } from "../documents.ts";

const STORAGE = "docker/registry/v2/";

/** `REPOSITORY/_manifests/tags/TAG/current/link` below `repositories/`. */
const TAG_LINK = /^repositories\/(.+)\/_manifests\/tags\/([^/]+)\/current\/link$/;
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
 * without the registry that they came from; only mindthegap says which one that was.
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
    const hosts = await readHosts(tree, `${at}images.yaml`);
    const roots: ForeignRoot[] = [];
    const findings: Finding[] = [];
    for (const path of tree.below(`${root}repositories/`)) {
      const [, repository, tag] = TAG_LINK.exec(path.slice(root.length)) ?? [];
      if (repository === undefined || tag === undefined) continue;
      const place = tree.place(path);
      const text = `${repository}:${tag}`;
      try {
        const descriptor = await describe(await readLink(tree, path), blobs);
        const name = referenceClaim(`${hosts.get(text) ?? UNKNOWN_HOST}/${text}`);
        roots.push({ descriptor, name, place });
      } catch (error) {
        if (!(error instanceof DrayError)) throw error;
        findings.push({ ...findingOf(error, place), message: `${text}: ${error.message}` });
      }
    }
    findings.push(...lostHosts(roots));
    tree.claim([...tree.below(root), `${at}images.yaml`, `${at}charts.yaml`]);
    return { form: formOf(tree, at), blobs, roots, findings };
  },
};

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

/** The registry of each `REPOSITORY:TAG`, where it was noted. */
async function readHosts(tree: FileTree, path: string): Promise<ReadonlyMap<string, string>> {
  const hosts = new Map<string, string>();
  if (!tree.files.has(path)) return hosts;
  const registries = (await readYamlFile(tree, path, imagesSchema)) ?? {};
  for (const [host, { images }] of Object.entries(registries)) {
    for (const [repository, tags] of Object.entries(images ?? {})) {
      for (const tag of tags ?? []) hosts.set(`${repository}:${tag}`, host);
    }
  }
  return hosts;
}

function formOf(tree: FileTree, at: string): string {
  if (tree.files.has(`${at}images.yaml`)) return "mindthegap bundle";
  if (tree.below(`${at}working-dir/`).length > 0) return "oc-mirror archive";
  return "registry storage";
}

function lostHosts(roots: readonly ForeignRoot[]): Finding[] {
  const lost = roots.filter(
    ({ name }) => name.kind === "reference" && name.reference.registry === UNKNOWN_HOST,
  );
  const [first] = lost;
  if (first === undefined) return [];
  const message = `${lost.length} names do not say which registry they came from: ${UNKNOWN_HOST} stands for it`;
  return [{ code: "NAME_HOST_LOST", severity: "warning", entry: first.place, message }];
}
