import { describe, expect, it } from "vitest";
import { makeMultiArch } from "../../fixtures/images.ts";
import { neededBy } from "../../src/bundle/needed-by.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { blobPath } from "../../src/oci/image-layout.ts";

const ALL = makeMultiArch("needed").blobs.map(({ descriptor }) => descriptor);

/** Blobs that count how often somebody has gone through them. */
class CountedBlobs extends Map<Digest, Descriptor> {
  times = 0;

  override keys(): MapIterator<Digest> {
    this.times++;
    return super.keys();
  }
}

describe("who needs what is lost", () => {
  it("is named, the first three and how many more", () => {
    const blobs = new Map(ALL.map((one) => [one.digest, one]));
    const labels = ["image a", "image b", "image c", "image d", "image e"];
    const needOf = neededBy(labels.map((label) => ({ label, blobs })));
    const [first] = blobs.keys();
    expect(first && needOf(blobPath(first))).toBe("image a, image b, image c and 2 more");
    expect(needOf("files/a")).toBeUndefined();
  });

  it("is a chart where its plain file or the provenance of that is lost", () => {
    const file = "charts/web-1.0.0.tgz";
    const needOf = neededBy([{ label: "chart web", blobs: new Map(), file }]);
    expect([needOf(file), needOf(`${file}.prov`)]).toEqual(["chart web", "chart web"]);
  });

  it("is looked up once for all that is lost", () => {
    const blobs = new CountedBlobs(ALL.map((one) => [one.digest, one]));
    const needOf = neededBy([{ label: "image a", blobs }]);
    for (const { digest } of ALL) expect(needOf(blobPath(digest))).toBe("image a");
    expect(blobs.times).toBe(1);
  });
});
