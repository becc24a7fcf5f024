import { parseJson } from "../oci/json.ts";
import { MediaType } from "../oci/media-type.ts";
import { DrayError } from "../errors.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { splitDocuments } from "../yaml/places.ts";
import { readTexts } from "../yaml/texts.ts";
import type { FileTree } from "./file-tree.ts";
import type { z } from "../oci/schema.ts";

/** What a manifest says that it is; OCI documents may leave it out. */
export function mediaTypeOf(raw: Buffer, what: string): string {
  const value = parseJson(raw, what);
  if (typeof value !== "object" || value === null) return MediaType.octetStream;
  if ("mediaType" in value && typeof value.mediaType === "string") return value.mediaType;
  return "manifests" in value ? MediaType.ociIndex : MediaType.ociManifest;
}

/** True for what can only be a list: many things are called `manifest.json`. */
export function beginsAsList(raw: Uint8Array): boolean {
  return /^\s*(?:\[|null\s*$)/.test(Buffer.from(raw.subarray(0, 64)).toString("latin1"));
}

/** The digest that a text is, if it is one that can be verified. */
export function tryDigest(text: string): Digest | undefined {
  try {
    return parseDigest(text);
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

/** Thousands of images with their digests. */
const MAX_YAML_BYTES = 16 * 1024 * 1024;

/**
 * The first document of a YAML file, every scalar as the text that stands there; undefined if it is
 * no document of this kind.
 */
export async function readYamlFile<T>(
  tree: FileTree,
  path: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const text = (await tree.readSmall(path, MAX_YAML_BYTES)).toString("utf8");
  const [first] = splitDocuments(text);
  const result = schema.safeParse(readTexts(first?.text ?? "", JSON.stringify(tree.place(path))));
  return result.success ? result.data : undefined;
}
