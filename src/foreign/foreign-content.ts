import type { ContentOptions } from "../content/content.ts";
import type { Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";
import type { BlobPool } from "./blob-pool.ts";
import type { Content, FileTree } from "./file-tree.ts";

/** What somebody else's bundle says that something is called. */
export type NameClaim =
  | { readonly kind: "reference"; readonly reference: Reference }
  /** A tag without a repository. */
  | { readonly kind: "tag"; readonly tag: string }
  /** No name at all; `hint` is what people may know it by. */
  | { readonly kind: "none"; readonly hint?: string | undefined };

/** One image or artifact: where its graph begins, and what it may be called. */
export interface ForeignRoot {
  /** Without annotations. */
  readonly descriptor: Descriptor;
  readonly name: NameClaim;
  /** Another digest that people know it by: the image id of Docker. */
  readonly alias?: Digest | undefined;
  /** The index or archive that it stands in. */
  readonly place: string;
  /** It stands there by its digest, whether or not something else there holds it. */
  readonly isByDigest?: boolean | undefined;
}

/** A packed Helm chart that lies beside images. */
export interface ForeignChart {
  readonly tgz: Content;
  readonly provenance: Content | undefined;
}

/** A name and a version that somebody has given to the whole. */
export interface ForeignIdentity {
  readonly name: string;
  readonly version: string;
}

/** What one reader has made of a part of what arrived. */
export interface ForeignContent {
  /** `docker save (classic)` */
  readonly form: string;
  readonly blobs: BlobPool;
  readonly roots: readonly ForeignRoot[];
  readonly charts?: readonly ForeignChart[];
  readonly findings: readonly Finding[];
  readonly identity?: ForeignIdentity | undefined;
}

/** Understands one form. No reader knows another. */
export interface ForeignReader {
  /** Where the form begins: `""`, or a path that ends in a slash. Looks at names alone. */
  detect(tree: FileTree): readonly string[];
  /**
   * Reads what begins at `at`, and claims the files that belong to it. Undefined if it only looked
   * like this form.
   */
  open(tree: FileTree, at: string, options: ContentOptions): Promise<ForeignContent | undefined>;
}

/** The directories that hold a file of this name, `""` or with a slash at their end. */
export function directoriesWith(tree: FileTree, name: string): string[] {
  const found: string[] = [];
  for (const path of tree.unclaimed()) {
    if (path === name || path.endsWith(`/${name}`)) found.push(path.slice(0, -name.length));
  }
  return found;
}
