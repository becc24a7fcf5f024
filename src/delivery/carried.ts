import type { BundleArtifact } from "../bundle/format.ts";
import { byName, type LayoutGraph, type Root } from "../content/graph.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { formatPlatform, matchesPlatformText, type Platform } from "../oci/platform.ts";
import { formatReference, parseReference, type Reference } from "../oci/reference.ts";
import { nameAt, requireNames, type Destination } from "./names.ts";

/** One image of a bundle, under one of its names. */
export interface Carried {
  readonly reference: Reference;
  readonly root: Root;
}

/** What a bundle carries, by the names under which a cluster can ask for it. */
export class CarriedImages {
  readonly #carried: readonly Carried[];

  /**
   * With a destination the names that a push gives are known beside those of the sources.
   * @throws DrayError `DRAY_PLAN_INVALID`
   */
  constructor(
    artifacts: readonly BundleArtifact[],
    graph: LayoutGraph,
    destination: Destination | undefined,
  ) {
    const images = artifacts.filter(({ kind }) => kind !== "chart");
    const roots = byName(graph);
    const own = images.flatMap(({ reference }) => {
      const root = roots.get(reference);
      return root === undefined ? [] : [{ reference: parseReference(reference), root }];
    });
    if (destination !== undefined) requireNames(images, destination);
    const mapped = images.flatMap((image) => {
      const root = roots.get(image.reference);
      if (root === undefined || destination === undefined) return [];
      return [{ reference: parseReference(nameAt(image, destination).target), root }];
    });
    this.#carried = [...own, ...mapped];
  }

  /** The digest that the bundle has `wanted` under; undefined if it has none of that name. */
  digestOf(wanted: Reference): Digest | undefined {
    return this.#carried.find((one) => answers(one, wanted))?.root.descriptor.digest;
  }

  /** Why a cluster that pulls `wanted` on these platforms would not get it; undefined if it would. */
  problemWith(wanted: Reference, platforms: readonly Platform[]): string | undefined {
    const near = this.#carried.filter(({ reference }) => sameRepository(reference, wanted));
    const found = near.find((one) => answers(one, wanted));
    if (found === undefined) return absence(near);
    const there = platformsOf(found.root, wanted.digest);
    const lacking = platforms.filter(
      (one) => !there.some((text) => matchesPlatformText(one, text)),
    );
    if (lacking.length === 0) return undefined;
    const list = lacking.map(formatPlatform).join(", ");
    return `lacks ${list}, has ${there.join(", ") || "no platform"}`;
  }
}

function sameRepository(a: Reference, b: Reference): boolean {
  return a.registry === b.registry && a.repository === b.repository;
}

/** A digest, where there is one, is what a cluster pulls: the tag beside it says nothing then. */
export function answers({ reference, root }: Carried, wanted: Reference): boolean {
  const { tag, digest } = wanted;
  if (!sameRepository(reference, wanted)) return false;
  if (digest === undefined) return reference.tag !== undefined && reference.tag === tag;
  return root.descriptor.digest === digest || childOf(root, digest) !== undefined;
}

function childOf({ manifest }: Root, digest: Digest): Descriptor | undefined {
  if (manifest.kind === "manifest") return undefined;
  return manifest.manifests.find((child) => child.digest === digest);
}

/** Of an index that is pinned by one of its children, only that child is pulled. */
function platformsOf(root: Root, digest: Digest | undefined): readonly string[] {
  const child = digest === undefined ? undefined : childOf(root, digest);
  if (child === undefined) return root.platforms;
  return child.platform === undefined ? [] : [formatPlatform(child.platform)];
}

function absence(near: readonly Carried[]): string {
  if (near.length === 0) return "not in the bundle";
  const others = near.map(({ reference, root }) =>
    reference.digest === undefined
      ? `${formatReference(reference)} (${root.descriptor.digest})`
      : formatReference(reference),
  );
  return `not in the bundle, which has ${others.join(", ")}`;
}
