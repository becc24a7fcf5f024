import { append } from "../content/append.ts";
import { referrerOf } from "../bundle/artifact.ts";
import type { UsableBundle } from "../bundle/opened.ts";
import { readVerified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { parseJson } from "../oci/json.ts";
import { parseManifest, type Manifest } from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-type.ts";
import { ATTESTED_DIGEST, roleOf } from "../oci/referrer.ts";
import { envelopeIn, statementIn } from "../trust/images/statement.ts";
import { sbomIn, type SbomPackage } from "./packages.ts";

/** A list of contents that a bundle carries. */
export interface CarriedSbom {
  /** The images that it is about, as the bundle calls them. */
  readonly images: readonly string[];
  /** Digest of the manifest that it is about: the index, or the image of one platform. */
  readonly subject: Digest;
  /** Where it stands: a referrer by its reference, or an attestation in an index by its digest. */
  readonly from: string;
  /** `SPDX-2.3`, `CycloneDX 1.6`; its media type where it cannot be read here. */
  readonly format: string;
  /** Undefined where the format is not read here. */
  readonly packages?: readonly SbomPackage[] | undefined;
}

/** A large image has some ten thousand packages, of one kilobyte each. */
const MAX_SBOM_BYTES = 64 * 1024 * 1024;

/** What may hold a list of contents, and what it is about. */
interface Candidate {
  readonly subject: Digest;
  readonly from: string;
  readonly manifest: Manifest;
  /** It calls itself one. */
  readonly isDeclared: boolean;
}

/** Reads the lists of contents in a bundle. Whoever has signed them is not asked. */
export async function findSboms(bundle: UsableBundle): Promise<CarriedSbom[]> {
  const found: CarriedSbom[] = [];
  for (const candidate of await candidatesIn(bundle)) {
    const { subject, from, manifest, isDeclared } = candidate;
    const images = bundle.graph.roots.flatMap(({ name, blobs, descriptor }) =>
      name !== undefined && name !== from && (descriptor.digest === subject || blobs.has(subject))
        ? [name]
        : [],
    );
    for (const layer of manifest.kind === "index" ? [] : manifest.layers) {
      const sbom = await readLayer(layer, bundle);
      if (sbom !== undefined) found.push({ images, subject, from, ...sbom });
      else if (isDeclared) found.push({ images, subject, from, format: layer.mediaType });
    }
  }
  return found;
}

async function candidatesIn(bundle: UsableBundle): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const { artifacts } = bundle.contents;
  for (const root of bundle.graph.roots) {
    const artifact = artifacts.find(({ reference }) => reference === root.name);
    const referrer = artifact && referrerOf({ ...artifact, root });
    if (artifact !== undefined && referrer !== undefined) {
      const role = roleOf(referrer);
      if (role === "signature" || role === "list") continue;
      const { subject } = referrer;
      const isDeclared = role === "sbom";
      candidates.push({ subject, from: artifact.reference, manifest: root.manifest, isDeclared });
      continue;
    }
    append(candidates, await attestationsIn(root.manifest, bundle));
  }
  return candidates;
}

/** What BuildKit puts beside the images of an index. */
async function attestationsIn(manifest: Manifest, { source }: UsableBundle): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const child of manifest.kind === "index" ? manifest.manifests : []) {
    const about = manifest.kind === "index" ? subjectOf(child, manifest.manifests) : undefined;
    if (about === undefined || !isManifestType(child.mediaType)) continue;
    const { mediaType, digest } = child;
    const raw = await readVerified(source, child);
    const parsed = parseManifest(raw, { mediaType, what: digest });
    candidates.push({ subject: about, from: digest, manifest: parsed, isDeclared: false });
  }
  return candidates;
}

function subjectOf(
  { annotations }: Descriptor,
  siblings: readonly Descriptor[],
): Digest | undefined {
  const about = annotations?.[ATTESTED_DIGEST];
  return siblings.find(({ digest }) => digest === about)?.digest;
}

/** The list in a layer, as it is or in a statement; undefined for whatever else is there. */
async function readLayer(
  layer: Descriptor,
  { source }: UsableBundle,
): Promise<{ format: string; packages: readonly SbomPackage[] } | undefined> {
  if (layer.size > MAX_SBOM_BYTES || !/json|dsse|in-toto|sigstore/i.test(layer.mediaType)) {
    return undefined;
  }
  const what = `layer ${layer.digest}`;
  // A delta may have left it out.
  if (source.sizeOf(layer) === undefined) return undefined;
  const bytes = await readVerified(source, layer, { maxBytes: MAX_SBOM_BYTES });
  try {
    const document = parseJson(bytes, what, MAX_SBOM_BYTES);
    const payload = envelopeIn(document)?.payload;
    const inner = payload === undefined ? document : parseJson(payload, what, MAX_SBOM_BYTES);
    return sbomIn(statementIn(inner)?.predicate ?? inner);
  } catch (error) {
    // What is no such document is no list of contents.
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}
