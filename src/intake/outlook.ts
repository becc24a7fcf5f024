import { kindOf, type Artifact } from "../bundle/artifact.ts";
import type { BundleArtifact } from "../bundle/format.ts";
import type { Root } from "../content/graph.ts";
import { DrayError } from "../errors.ts";
import { formatPlatform, matchesPlatformText, type Platform } from "../oci/platform.ts";
import type { Ingredients } from "./gather.ts";

/** An artifact to be packed, as far as a later push will ask for it. */
export interface Outlook extends Pick<
  BundleArtifact,
  "kind" | "reference" | "digest" | "name" | "version"
> {
  readonly root: Root;
}

/** What is to be packed, under the names that it will have in the bundle. */
export function outlookOf({ images, charts, referrers, adopted }: Ingredients): Outlook[] {
  return [
    ...images.map(({ name, root }) => of("image", name, root)),
    ...charts.map(({ artifact: { name: reference, root }, chart: { metadata } }) => ({
      ...of("chart", reference, root),
      name: metadata.name,
      version: metadata.version,
    })),
    ...referrers.map(({ name, root }) => of("referrer", name, root)),
    ...adopted.artifacts.map(adoptedOutlook),
  ];
}

function of(kind: Outlook["kind"], reference: string, root: Root): Outlook {
  return { kind, reference, root, digest: root.descriptor.digest };
}

function adoptedOutlook(artifact: Artifact): Outlook {
  const { reference, root, chart } = artifact;
  const metadata = chart?.metadata;
  return {
    ...of(kindOf(artifact), reference, root),
    name: metadata?.name,
    version: metadata?.version,
  };
}

/** @throws DrayError `DRAY_PLATFORM_MISSING` with every image that lacks one of `wanted` */
export function requirePlatforms(outlook: readonly Outlook[], wanted: readonly Platform[]): void {
  const lines = outlook.flatMap(({ kind, reference, root: { platforms } }) => {
    if (kind !== "image") return [];
    const lacking = wanted.filter((one) => !platforms.some((has) => matchesPlatformText(one, has)));
    if (lacking.length === 0) return [];
    const list = lacking.map(formatPlatform).join(", ");
    return [`\n  ${reference} lacks ${list}, has ${platforms.join(", ") || "no platform"}`];
  });
  if (lines.length === 0) return;
  throw new DrayError(
    "DRAY_PLATFORM_MISSING",
    `Cannot pack: platforms that are required are missing:${lines.join("")}`,
    { kind: "refused", hint: "Take versions of these images that have them, or require less." },
  );
}
