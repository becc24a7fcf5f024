import { describe, expect, it } from "vitest";
import type { Root } from "../../src/content/graph.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { nameAttached } from "../../src/foreign/attached.ts";
import type { FollowedRoot } from "../../src/foreign/followed.ts";
import { withoutImplied } from "../../src/foreign/implied.ts";
import { oneLayerImage } from "../remote/registry/lab.ts";
import { refusal } from "../refusal.ts";

const image = oneLayerImage("implied", 10).root;
const { descriptor } = image;
const manifest = parseManifest(image.bytes, { what: "an image", mediaType: descriptor.mediaType });
const ROOT: Root = {
  name: undefined,
  descriptor,
  manifest,
  blobs: new Map([[descriptor.digest, descriptor]]),
  platforms: [],
  size: descriptor.size,
};

/** As many roots of one image as a layout may have; `looks` counts how often one is looked at. */
function many(
  count: number,
  made: (index: number) => Partial<FollowedRoot>,
  looks = { count: 0 },
): FollowedRoot[] {
  return Array.from({ length: count }, (_one, index): FollowedRoot => {
    const { reference, ...rest } = made(index);
    const base = {
      descriptor,
      root: ROOT,
      name: undefined,
      hints: [],
      place: "index.json",
      ...rest,
    };
    return Object.defineProperty({ ...base, reference }, "reference", {
      get: () => (looks.count++, reference),
    });
  });
}

function named(index: number, tag?: string): Partial<FollowedRoot> {
  const reference = { registry: "r.test", repository: `app-${index}`, ...(tag && { tag }) };
  return { name: `n${index}`, reference };
}

describe("roots that are all the same image", () => {
  it.each<[string, (index: number) => Partial<FollowedRoot>, number]>([
    ["with names of their own", (index) => named(index, "1"), 1000],
    ["by digest", (index) => ({ ...named(index), isByDigest: true }), 1000],
    ["with tags alone", (index) => ({ tag: `t${index}` }), 1000],
    ["without anything", () => ({}), 1000],
  ])("%s are each looked at a few times, however many there are", (_what, made, kept) => {
    const looks = { count: 0 };
    expect(withoutImplied(many(1000, made, looks))).toHaveLength(kept);
    expect(looks.count).toBeLessThan(10_000);
  });

  it("are not multiplied by what is about them without an end", async () => {
    const images = many(1000, (index) => named(index, "1"));
    const about: Root = {
      ...ROOT,
      blobs: new Map(),
      manifest: { ...manifest, subject: descriptor },
    };
    const signatures = many(1000, () => ({ root: about }));
    expect(await refusal(() => nameAttached([...images, ...signatures]))).toMatchObject({
      code: "DRAY_LAYOUT_INVALID",
      message: expect.stringContaining("expected at most 100000 names") as string,
    });
  });
});
