import { makeImage, makeLayer, type MadeImage } from "../../fixtures/images.ts";
import { parseNames } from "../../src/foreign/given-names.ts";
import type { Finding } from "../../src/finding.ts";
import { inspect, type InspectReport } from "../../src/stories/inspect.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import { verify, type VerifyReport } from "../../src/stories/verify.ts";
import type { BundleOptions } from "../../src/stories/open-bundle.ts";

/** What a user says on the command line of a bundle that others have made. */
export interface Said {
  readonly names?: readonly string[];
  readonly repository?: string;
  readonly platforms?: readonly string[];
}

export function optionsFor(
  path: string,
  { names = [], repository, platforms = [] }: Said = {},
): BundleOptions {
  return {
    path,
    trust: { keys: [], allowUnsigned: true },
    names: parseNames(names, repository),
    platforms: platforms.map(parsePlatform),
  };
}

export function verified(path: string, said?: Said): Promise<VerifyReport> {
  return verify(optionsFor(path, said));
}

export function inspected(path: string, said?: Said): Promise<InspectReport> {
  return inspect(optionsFor(path, said));
}

export function codes(
  { findings }: { findings: readonly Finding[] },
  severity: Finding["severity"] = "error",
): string[] {
  return findings.filter((finding) => finding.severity === severity).map(({ code }) => code);
}

/** Names and digests of what verify found to be good. */
export function found({ manifest }: VerifyReport): Record<string, string> {
  return Object.fromEntries(
    (manifest?.artifacts ?? []).map(({ reference, digest }) => [reference, digest]),
  );
}

/** An image for one platform with a layer that all images of this kind share. */
export function plainImage(seed: string): MadeImage {
  return makeImage([makeLayer("shared", 2000), makeLayer(seed, 1500)]);
}
