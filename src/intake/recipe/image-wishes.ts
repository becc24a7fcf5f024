import type { ValueSet } from "../../helm/values/user-values.ts";

/**
 * Which images of a chart are packed with it: `needed` those that its values pull, hooks included ·
 * `discover` also those that other values would pull · `none` only what is listed.
 */
export type ImageMode = "needed" | "discover" | "none";

export const IMAGE_MODES: readonly ImageMode[] = ["needed", "discover", "none"];

/** What is wanted of a chart's images. */
export interface ImageWishes {
  /** @default "needed" */
  readonly images?: ImageMode | undefined;
  /** The images of several sets of values are joined. @default the chart's own values alone */
  readonly valueSets?: readonly ValueSet[] | undefined;
}
