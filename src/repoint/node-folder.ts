import type { NodeRuntime } from "../delivery/target-file.ts";
import type { Finding } from "../finding.ts";
import { formatReference } from "../oci/reference.ts";
import type { MovedImage } from "./mapping-file.ts";
import { nodeFiles } from "./node-mirrors.ts";
import type { NodeConnection } from "./node-trust.ts";
import type { OutputFolder } from "./output-folder.ts";

/** An image that a runtime cannot be led to. */
interface LeftImage {
  readonly runtime: NodeRuntime;
  readonly image: MovedImage;
}

/** What pulls on the nodes, and how it reaches the target. */
interface NodeWish {
  readonly runtimes?: readonly NodeRuntime[] | undefined;
  readonly connection: NodeConnection;
}

/** Adds configuration of nodes below `nodes/RUNTIME/`. */
export function addNodeFiles(
  { runtimes = [], connection }: NodeWish,
  moved: readonly MovedImage[],
  folder: OutputFolder,
): { readonly paths: readonly string[]; readonly left: readonly LeftImage[] } {
  const paths: string[] = [];
  const left: LeftImage[] = [];
  for (const runtime of new Set(runtimes)) {
    const made = nodeFiles(moved, runtime, connection);
    for (const { path, text } of made.files) {
      paths.push(folder.add(`nodes/${runtime}/${path}`, text));
    }
    for (const image of made.left) left.push({ runtime, image });
  }
  return { paths, left };
}

/** Pods that name such an image go on asking its source. */
export function aboutLeft({ runtime, image: { from, to } }: LeftImage): Finding {
  const image = formatReference(from);
  return {
    code: "NODE_MIRROR_MISSING",
    severity: "warning",
    message: `${runtime} cannot be led from ${image} to ${formatReference(to)}: it keeps names`,
    entry: image,
    hint: "Move it by a value, or push with a map that keeps what follows the host.",
  };
}
