import { describe, expect, it } from "vitest";
import { composeShapes, type ShapeOptions } from "../../src/discover/shape.ts";
import { formatReference } from "../../src/oci/reference.ts";

const DIGEST = "a".repeat(64);

function composed(table: Readonly<Record<string, string>>, options: ShapeOptions = {}): string[] {
  const entries = Object.entries(table).map(([key, text]) => ({ key, text }));
  return composeShapes(entries, options).map(({ image, repository }) =>
    image === undefined ? `${repository} without tag` : formatReference(image.reference),
  );
}

describe("composeShapes()", () => {
  it.each<[Readonly<Record<string, string>>, string]>([
    [{ registry: "quay.io", repository: "org/app", tag: "v1" }, "quay.io/org/app:v1"],
    [
      { registry: "quay.io", repository: "org/app", tag: "v1", digest: `sha256:${DIGEST}` },
      `quay.io/org/app:v1@sha256:${DIGEST}`,
    ],
    [{ repository: "org/app", tag: "v1", sha: DIGEST }, `docker.io/org/app:v1@sha256:${DIGEST}`],
    [{ repository: "quay.io/org/app", tag: "v1", registry: "ignored.io" }, "quay.io/org/app:v1"],
    [{ repository: "org/app:v2", tag: "", registry: "quay.io" }, "quay.io/org/app:v2"],
    [
      { imageRegistry: "quay.io", imageNamespace: "org", imageName: "app", imageTag: "v1" },
      "quay.io/org/app:v1",
    ],
    [{ hub: "docker.io/istio", image: "pilot", tag: "1.2" }, "docker.io/istio/pilot:1.2"],
    [
      { repository: "nvcr.io/nvidia", image: "driver", version: "5.1" },
      "nvcr.io/nvidia/driver:5.1",
    ],
    [{ repository: "org", name: "app", tag: "v1" }, "docker.io/org/app:v1"],
    [{ APP_IMAGE: "quay.io/org/app", APP_TAG: "v1" }, "quay.io/org/app:v1"],
    [{ "app-image-repository": "quay.io/org/app", "app-image-tag": "v1" }, "quay.io/org/app:v1"],
  ])("puts %o together", (table, wanted) => {
    const belowImage = "imageName" in table;
    expect(composed(table, { belowImage })).toEqual([wanted]);
  });

  it("keeps images apart whose names begin differently", () => {
    const table = { "a.repository": "x/a", "a.tag": "v1", "b.repository": "x/b", "b.tag": "v2" };
    expect(composed(table)).toEqual(["docker.io/x/a:v1", "docker.io/x/b:v2"]);
  });

  it("says that a tag is missing", () => {
    expect(composed({ registry: "quay.io", repository: "org/app", tag: "" })).toEqual([
      "quay.io/org/app without tag",
    ]);
  });

  it("takes a name for an image only below a name that speaks of one", () => {
    const table = { name: "app", tag: "v1" };
    expect(composed(table)).toEqual([]);
    expect(composed(table, { belowImage: true })).toEqual(["docker.io/library/app:v1"]);
  });

  it("completes a bare name with what holds around it", () => {
    const inherited = { registry: "docker.io/istio", tag: "1.2" };
    expect(composed({ image: "proxyv2" }, { inherited })).toEqual(["docker.io/istio/proxyv2:1.2"]);
    expect(composed({ image: "org/app:v1" }, { inherited })).toEqual([]);
  });

  it.each([
    { repository: "https://charts.example.com", version: "1.2.3", name: "redis" },
    { chartRepository: "org/app", chartVersion: "1.2.3" },
    { gitRepo: "org/app", gitTag: "v1" },
    { name: "x", version: "1" },
  ])("does not take %o for an image", (table) => {
    expect(composed(table)).toEqual([]);
  });
});
