import { all } from "../../content/concurrency.ts";
import type { Source } from "../../content/content.ts";
import type { Root } from "../../content/graph.ts";
import { readVerified } from "../../content/verify.ts";
import { DrayError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { artifactTypeOf } from "../../oci/referrer.ts";
import { BUNDLE_TYPE } from "./bundle-schema.ts";
import { MAX_SIGNED_BYTES, readBundle } from "./read-bundle.ts";
import { readCosignAttestation, readCosignSignature } from "./read-cosign.ts";
import type { Signed, Unread } from "./signed.ts";

/** What is packed or delivered, as far as a policy looks at it. */
export interface Candidate {
  readonly kind: "image" | "chart" | "artifact" | "referrer";
  readonly reference: string;
  readonly root: Root;
  readonly source: Source;
  /** Of a referrer: what it is about. */
  readonly subject?: Digest | undefined;
}

/** More than people ever put beside one manifest; what a stranger can make out of it is bounded. */
const MAX_FOUND = 500;

const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
const ENVELOPE = "application/vnd.dsse.envelope.v1+json";
const NOTATION = "application/vnd.cncf.notary.signature";

/** Everything signed that stands beside manifests, by what it stands beside. */
export class Evidence {
  readonly #referrers = new Map<Digest, Candidate[]>();
  readonly #found = new Map<Digest, Promise<readonly (Signed | Unread)[]>>();

  constructor(candidates: readonly Candidate[]) {
    for (const candidate of candidates) {
      const { kind, subject } = candidate;
      if (kind !== "referrer" || subject === undefined) continue;
      this.#referrers.set(subject, [...(this.#referrers.get(subject) ?? []), candidate]);
    }
  }

  /** What is signed about a manifest, by its own word, and what could not be read. */
  about(manifest: Descriptor, source: Source): Promise<readonly (Signed | Unread)[]> {
    const { digest } = manifest;
    const found = this.#found.get(digest) ?? this.#read(manifest, source);
    this.#found.set(digest, found);
    return found;
  }

  async #read(manifest: Descriptor, source: Source): Promise<(Signed | Unread)[]> {
    const layers = (this.#referrers.get(manifest.digest) ?? []).flatMap(layersOf);
    const read = layers.slice(0, MAX_FOUND).map((one) => readLayer(one, { manifest, source }));
    const found = await all(read);
    const left = layers.length - MAX_FOUND;
    return left > 0
      ? [...found, { from: manifest.digest, problem: `${left} more were not looked at` }]
      : found;
  }
}

interface PlacedLayer {
  readonly layer: Descriptor;
  readonly from: string;
  readonly source: Source;
}

/** Layers that may be signed; of a referrer that is known and not understood here the one that says so. */
function layersOf({ root: { manifest }, reference, source }: Candidate): PlacedLayer[] {
  if (manifest.kind === "index") return [];
  const { layers } = manifest;
  const known = layers.filter(({ mediaType }) => isSignedType(mediaType));
  const notation = artifactTypeOf(manifest) === NOTATION ? layers.slice(0, 1) : [];
  return [...known, ...notation].map((layer) => ({ layer, from: reference, source }));
}

function isSignedType(mediaType: string): boolean {
  return mediaType === SIMPLE_SIGNING || mediaType === ENVELOPE || BUNDLE_TYPE.test(mediaType);
}

async function readLayer(
  { layer, from, source }: PlacedLayer,
  subject: { readonly manifest: Descriptor; readonly source: Source },
): Promise<Signed | Unread> {
  const { mediaType } = layer;
  if (!isSignedType(mediaType))
    return { from, problem: "signatures of Notation are not read here" };
  if (layer.size > MAX_SIGNED_BYTES) return { from, problem: `it has ${layer.size} bytes` };
  const raw = await readVerified(source, layer, { maxBytes: MAX_SIGNED_BYTES });
  try {
    if (mediaType === SIMPLE_SIGNING) return readCosignSignature(raw, layer, from);
    if (mediaType === ENVELOPE) return readCosignAttestation(raw, layer, from);
    return readBundle(raw, from, await readVerified(subject.source, subject.manifest));
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    return { from, problem: error.message };
  }
}
