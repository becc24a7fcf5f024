import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { speaksOfImage, roleOf } from "../../src/discover/image-key.ts";
import {
  isPlausible,
  isUnmistakable,
  readImageText,
  unmistakableIn,
} from "../../src/discover/image-text.ts";
import { formatReference } from "../../src/oci/reference.ts";

const named = (text: string): string[] =>
  unmistakableIn(text).map(({ reference }) => formatReference(reference));

describe("readImageText()", () => {
  it.each([
    "quay.io/org/app:v1",
    "busybox",
    "busybox:1.36",
    "localhost:5000/a/b:1",
    "registry.k8s.io/pause:3.9",
    "a/b@sha256:" + "0".repeat(64),
    "a/b:1@sha256:" + "0".repeat(64),
  ])("reads %s", (text) => {
    expect(readImageText(text)).toBeDefined();
  });

  it.each([
    "https://quay.io/a:1",
    "a b",
    "{{ .image }}",
    "$(IMAGE)",
    "*:latest",
    "Name",
    "/var/lib/x:ro",
    "img/logo.png",
    "a//b",
    "x".repeat(600),
    "",
  ])("does not take %j for one", (text) => {
    expect(readImageText(text)).toBeUndefined();
  });

  it.each([
    ["quay.io/org/app:v1", true],
    ["quay.io/org/app:latest", true],
    ["quay.io/org/app", false],
    ["org/app:1.2.3", false],
    ["example.com:8080/path", false],
    ["host.example/path:8080", false],
    ["apps.example.com/v1:foo", false],
  ])("%s is unmistakable: %s", (text, wanted) => {
    const image = readImageText(text);
    expect(image !== undefined && isUnmistakable(image)).toBe(wanted);
  });

  it.each([
    ["org/app:1.2", true],
    ["app:1.2", true],
    ["quay.io/app", true],
    ["app", false],
    ["org/app", false],
    ["app:foo", false],
  ])("%s is plausible where a name speaks of images: %s", (text, wanted) => {
    const image = readImageText(text);
    expect(image !== undefined && isPlausible(image)).toBe(wanted);
  });
});

describe("unmistakableIn()", () => {
  it("finds references in a script and leaves URLs, paths and options alone", () => {
    const script = `curl https://quay.io/a/b:1 -o /tmp/x:1
      docker pull quay.io/org/app:v1.2.3, "ghcr.io/x/y:2.0" s3://bucket.io/a:v1
      go get github.com/foo/bar@v1.2.3 -v /data.io/x:v1`;
    expect(named(script)).toEqual(["quay.io/org/app:v1.2.3", "ghcr.io/x/y:2.0"]);
  });

  it("ends soon on any text", () => {
    const unit = fc.constantFrom("a", ".", "/", ":", "-", "@", "1");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 2000 }), (text) => {
        expect(unmistakableIn(text).length).toBeLessThan(2000);
      }),
    );
  });
});

describe("speaksOfImage()", () => {
  it.each([
    "image",
    "sidecarImage",
    "RELATED_IMAGE_FOO",
    "--executor-image",
    "imageName",
    "images",
    "baseImage",
    "imageRef",
  ])("%s does", (key) => {
    expect(speaksOfImage(key)).toBe(true);
  });

  it.each([
    "imagePullPolicy",
    "image_pull_secrets",
    "imageRegistry",
    "imageRepository",
    "imageSize",
    "tag",
    "imagination",
    "imageGCHighThreshold",
  ])("%s does not", (key) => {
    expect(speaksOfImage(key)).toBe(false);
  });
});

describe("roleOf()", () => {
  it.each([
    ["imageTag", "tag", ""],
    ["IMAGE_TAG", "tag", ""],
    ["--sidecar-image-repository", "repository", "sidecar"],
    ["trivy.repository", "repository", "trivy"],
    ["sha256", "digest", ""],
    ["hub", "registry", ""],
  ])("%s is the %s of %j", (key, role, group) => {
    expect(roleOf(key)).toEqual({ role, group });
  });
});
