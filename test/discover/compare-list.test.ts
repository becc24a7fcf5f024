import { describe, expect, it } from "vitest";
import { makeChartOf } from "../../fixtures/charts.ts";
import { compareWithList } from "../../src/discover/image-lists.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";
import { parseReference } from "../../src/oci/reference.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

const pod = (...images: string[]): string =>
  `kind: Pod\nspec:\n  containers:\n${images.map((image) => `  - image: ${image}\n`).join("")}`;

describe("compareWithList()", () => {
  it("names what is in the one and not in the other", async () => {
    const chart = await makeChartOf({
      "values.yaml": "a: {enabled: false}\n",
      "templates/a.yaml": pod("x/a:1", "busybox", `x/pinned:1@${DIGEST}`),
      "templates/b.yaml": `{{ if .Values.a.enabled }}\n${pod("x/optional:1")}{{ end }}`,
    });
    const listed = ["docker.io/library/busybox:latest", "x/other:1", `x/pinned@${DIGEST}`];
    const { missing, left, extra } = compareWithList(
      (await discoverImages(chart)).images,
      listed.map(parseReference),
    );
    expect(missing.map(({ image }) => image)).toEqual(["docker.io/x/a:1"]);
    expect(left.map(({ image }) => image)).toEqual(["docker.io/x/optional:1"]);
    expect(extra).toEqual(["docker.io/x/other:1"]);
  });
});
