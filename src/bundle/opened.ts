import type { Bytes, Source } from "../content/content.ts";
import type { GraphSource, LayoutGraph } from "../content/graph.ts";
import { DrayError } from "../errors.ts";
import { hasErrors, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { PublicKey } from "../trust/keys.ts";
import type { ContentsDocument } from "./format.ts";
import type { OpenedDelta } from "./left-out.ts";

/** A bundle and all that is known of it, good or bad: `findings` says which. */
export interface OpenedBundle {
  /** What the carrier turned out to be, for people. */
  readonly form: string;
  /** Others have made it: the contents document and the list were made here. */
  readonly isForeign: boolean;
  readonly source: BundleSource;
  /** Every file of the bundle as it was packed, whatever the carrier has made of it. */
  readonly files: () => readonly OpenedFile[];
  /** The bytes of `SHA256SUMS` as they were signed. */
  readonly list: Buffer | undefined;
  /** SHA-256 of the list. */
  readonly bundleDigest: Digest | undefined;
  readonly signedBy: readonly PublicKey[];
  readonly contents: ContentsDocument | undefined;
  readonly graph: LayoutGraph | undefined;
  /** Undefined for a bundle that has all of it. */
  readonly delta?: OpenedDelta | undefined;
  /** Paths of what the carrier added and was left out. */
  readonly stripped: readonly string[];
  readonly findings: readonly Finding[];
}

/** Has every blob of a bundle, not yet verified: whoever uses one does that. */
export interface BundleSource extends Source, GraphSource {
  /** Where a blob stands, for people: its entry, and which bytes of the carrier where it has some. */
  placeOf(descriptor: Descriptor): Promise<string | undefined>;
}

export interface OpenedFile {
  readonly path: string;
  readonly size: number;
  /** The content, which ends only if it is what the list says. */
  readonly content: () => Bytes;
}

/** What must be whole before anything of a bundle is used. */
export interface UsableBundle extends OpenedBundle {
  readonly list: Buffer;
  readonly bundleDigest: Digest;
  readonly contents: ContentsDocument;
  readonly graph: LayoutGraph;
}

/** Which bundle something was done with. */
export interface BundleIdentity {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the list of sums. */
  readonly digest: Digest;
  /** As it was given. */
  readonly path: string;
}

/** A bundle was refused; the findings say why. */
export class BundleRefused extends DrayError {
  readonly findings: readonly Finding[];

  constructor(path: string, findings: readonly Finding[]) {
    const errors = findings.filter(({ severity }) => severity === "error");
    const [first] = errors;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
    super(
      "DRAY_BUNDLE_REFUSED",
      `Cannot use ${JSON.stringify(path)}: ${first?.message ?? "it is incomplete"}${more}`,
      { kind: "refused", hint: first?.hint },
    );
    this.findings = findings;
  }
}

/** @throws BundleRefused if anything is wrong with it */
export function requireUsable(path: string, bundle: OpenedBundle): UsableBundle {
  const { list, bundleDigest, contents, graph, findings } = bundle;
  const isWhole = list !== undefined && contents !== undefined && graph !== undefined;
  if (hasErrors(findings) || !isWhole || bundleDigest === undefined) {
    throw new BundleRefused(path, findings);
  }
  return { ...bundle, list, bundleDigest, contents, graph };
}
