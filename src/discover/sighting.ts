import type { ImageText } from "./image-text.ts";

/**
 * How sure it is that what was seen is pulled: `proven` is a container's image, `likely` stands where
 * a name or its form says that it is an image, `default` is what a custom resource gets that names none,
 * `possible` only looks like one.
 */
type Certainty = "proven" | "likely" | "default" | "possible";

/** An image in an object. */
export interface Sighting {
  readonly image: ImageText;
  /** The text by which its line is found again. */
  readonly text: string;
  readonly certainty: Certainty;
  /** `container grafana`, `argument --executor-image`, `field spec.image`. */
  readonly where: string;
  /** The setting in the object that is off and has the image below it, `spec.gds.enabled`. */
  readonly off?: string | undefined;
}

/** A place that wants an image and does not say which. */
export interface Blank {
  readonly where: string;
  /** Undefined where nothing at all is said. */
  readonly text: string | undefined;
}

/** Where walkers put what they see. */
export interface Sightings {
  see(sighting: Sighting): void;
  miss(blank: Blank): void;
}
