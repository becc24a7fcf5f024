import type { SkippedImage } from "../bundle/skipped.ts";
import type { Finding } from "../finding.ts";
import { parseTarget } from "./plan.ts";

/** Of an image whose tag stands for another one at the target. */
export function toReplaced({ image }: { readonly image: string }): Finding {
  const message = `${image} stands for another digest there than in the bundle`;
  const hint = "Push the bundle there, or pack what the target has.";
  return { code: "IMAGE_REPLACED", severity: "warning", message, entry: image, hint };
}

/** What was not needed when it was left out, and is with these values. */
export function neededNow({ image, needed, reason }: SkippedImage): Finding[] {
  if (needed) return [];
  const message = `${image} is needed with these values, and was left out on purpose: ${reason}`;
  return [{ code: "IMAGE_SKIPPED", severity: "warning", message, entry: image }];
}

/** Of images that values name at their source though everything else is to come from `target`. */
export function toElsewhere(images: readonly string[], target: string): Finding[] {
  if (images.length === 0) return [];
  const { registry } = parseTarget(target);
  return [
    {
      code: "IMAGE_ELSEWHERE",
      severity: "warning",
      message: `these values do not look for ${images.join(", ")} at ${registry}`,
      hint: "`dray repoint` writes the values that name them there.",
    },
  ];
}
