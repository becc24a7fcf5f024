import type { ArtifactKind } from "../bundle/format.ts";
import type { Finding } from "../finding.ts";
import type { Digest } from "../oci/digest.ts";
import { parseReference } from "../oci/reference.ts";

/** What a thing to compare turned out to be. */
export type SideForm = "bundle" | "lock" | "receipt";

/** One of two things to compare, as far as its form tells. */
export interface Side {
  readonly form: SideForm;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** Of the bundle: the SHA-256 of its list of sums. */
  readonly digest?: Digest | undefined;
  /** Ids of the trusted keys that have signed it; undefined where the form does not tell. */
  readonly signedBy?: readonly string[] | undefined;
  readonly items: readonly Item[];
  /** Bytes by digest of all that it holds; undefined where the form does not tell. */
  readonly blobs?: ReadonlyMap<Digest, number> | undefined;
  readonly findings: readonly Finding[];
}

/** One of the two, as it names itself. */
export interface DiffSide {
  /** As it was given. */
  readonly path: string;
  readonly form: SideForm;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** SHA-256 of the list of sums of the bundle. */
  readonly digest?: Digest | undefined;
  /** Ids of the trusted keys that have signed it; undefined where its form does not tell. */
  readonly signedBy?: readonly string[] | undefined;
}

/** An image, a chart, another artifact or a file. */
export interface Item {
  readonly kind: ArtifactKind | "file";
  /** What its side calls it. */
  readonly reference: string;
  /** What stays from version to version: the repository, the name of a chart, the path of a file. */
  readonly place: string;
  /** The tag, or the digest where there is none; of a chart its version. */
  readonly version: string;
  /** Of its manifest, or of a plain file. */
  readonly digest?: Digest | undefined;
  /** Of the files in a chart, however it was packed. */
  readonly content?: Digest | undefined;
  /** Undefined where the form does not tell. */
  readonly platforms?: readonly string[] | undefined;
  /** The images that a chart needs; undefined where the form does not tell. */
  readonly needs?: Needs | undefined;
}

interface Needs {
  /** With which values: those it was packed with, or none but the chart's own. */
  readonly values: "packed" | "default";
  readonly images: () => Promise<readonly string[]>;
}

/** An image under its full reference. */
export function imageItem(
  reference: string,
  found: { kind: ArtifactKind; digest: Digest; platforms?: readonly string[] | undefined },
): Item {
  const { registry, repository, tag, digest } = parseReference(reference);
  return {
    ...found,
    reference,
    place: `${registry}/${repository}`,
    version: tag ?? digest ?? "latest",
  };
}
