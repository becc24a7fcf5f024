import { parseJson, withoutBom } from "../oci/json.ts";
import { listOf, parseAs, z } from "../oci/schema.ts";
import type { FileTree } from "./file-tree.ts";
import { beginsAsList } from "./documents.ts";

/** The table of contents that `docker save` writes. */
export const DOCKER_MANIFEST = "manifest.json";

/** What Docker and containerd read of it (CVE-2023-25153). */
const MAX_DOCKER_MANIFEST_BYTES = 20 * 1024 * 1024;

const schema = listOf(
  z.object({
    Config: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string()).nullish(),
  }),
);

/** https://github.com/moby/moby/blob/v28.2.2/image/tarexport/tarexport.go */
type DockerManifest = z.infer<typeof schema>;
export type DockerImage = DockerManifest[number];

/**
 * Reads Docker's `manifest.json`; undefined for a file of that name that is something else.
 * @throws DrayError `DRAY_JSON_INVALID`, `DRAY_JSON_TOO_LARGE`, `DRAY_DOCKER_MANIFEST_INVALID`
 */
export async function readDockerManifest(
  tree: FileTree,
  path: string,
): Promise<DockerManifest | undefined> {
  const what = JSON.stringify(tree.place(path));
  const raw = withoutBom(await tree.readSmall(path, MAX_DOCKER_MANIFEST_BYTES));
  if (!beginsAsList(raw)) return undefined;
  const value = parseJson(raw, what, MAX_DOCKER_MANIFEST_BYTES);
  if (!isMeantForDocker(value)) return undefined;
  return parseAs(schema, value, { what, code: "DRAY_DOCKER_MANIFEST_INVALID" });
}

/** Docker takes `null` for a list without images. */
function isMeantForDocker(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.some(isImageOfDocker));
}

function isImageOfDocker(item: unknown): boolean {
  return typeof item === "object" && item !== null && "Config" in item && "Layers" in item;
}
