/**
 * Which images of a chart are packed with it: `needed` those that its values pull, hooks included ·
 * `discover` also those that other values would pull · `none` only what is listed.
 */
export type ImageMode = (typeof IMAGE_MODES)[number];

export const IMAGE_MODES = ["needed", "discover", "none"] as const;

/** Values as a user gives them to Helm: files, then assignments, the later ones winning. */
export interface ValueSet {
  /** Paths. */
  readonly files?: readonly string[] | undefined;
  /** As `--set`. */
  readonly set?: readonly string[] | undefined;
  /** As `--set-string`. */
  readonly setString?: readonly string[] | undefined;
}

/** What is wanted of a chart's images. */
export interface ImageWishes {
  /** @default "needed" */
  readonly images?: ImageMode | undefined;
  /** The images of several sets of values are joined. @default the chart's own values alone */
  readonly valueSets?: readonly ValueSet[] | undefined;
}
