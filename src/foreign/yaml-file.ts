import { splitDocuments } from "../yaml/places.ts";
import { readTexts } from "../yaml/texts.ts";
import type { FileTree } from "./file-tree.ts";
import type { z } from "../oci/schema.ts";

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
