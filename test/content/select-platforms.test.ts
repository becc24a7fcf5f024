import { describe, expect, it } from "vitest";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import { authored, type Authored } from "../../src/content/memory.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import { selectPlatforms, type Selection } from "../../src/content/select-platforms.ts";

function select({ root, blobs }: MadeImage, ...platforms: string[]): Promise<Selection> {
  const documents = new Map<string, Buffer>(
    [...blobs, root].map(({ descriptor, bytes }) => [descriptor.digest, bytes]),
  );
  return selectPlatforms(root.descriptor, {
    platforms: platforms.map(parsePlatform),
    name: "r.example/app:1",
    read: async ({ digest }) => documents.get(digest) ?? Buffer.alloc(0),
  });
}

interface Child {
  digest: string;
  platform?: { os: string; architecture: string; variant?: string };
}

function childrenOf(index: Authored | undefined): Child[] {
  return (JSON.parse(index?.bytes.toString() ?? "{}") as { manifests: Child[] }).manifests;
}

/** An index with attestations as BuildKit writes them. */
function attested(): MadeImage {
  const { root, blobs } = makeMultiArch("attested", {
    platforms: ["amd64", "arm64", "s390x"],
    size: 100,
  });
  const index = JSON.parse(root.bytes.toString()) as { manifests: object[]; extra?: unknown };
  const proofs = childrenOf(root).map(({ digest }) => {
    const made = makeImage([makeLayer(`proof of ${digest}`, 10)]);
    return {
      made,
      child: {
        ...made.root.descriptor,
        platform: { os: "unknown", architecture: "unknown" },
        annotations: {
          "vnd.docker.reference.type": "attestation-manifest",
          "vnd.docker.reference.digest": digest,
        },
      },
    };
  });
  index.manifests.push(...proofs.map(({ child }) => child));
  index.extra = { kept: true };
  return {
    root: authored(MediaType.ociIndex, Buffer.from(JSON.stringify(index))),
    blobs: [...blobs, ...proofs.flatMap(({ made }) => [...made.blobs, made.root])],
  };
}

describe("selectPlatforms()", () => {
  it("of one platform gives the image under the digest that its publisher gave it", async () => {
    const image = makeMultiArch("one", { size: 100 });
    const { root, index } = await select(image, "linux/arm64");
    const [, arm] = childrenOf(image.root);
    expect(index).toBeUndefined();
    expect(root.digest).toBe(arm?.digest);
    expect(root).not.toHaveProperty("platform");
  });

  it("of several gives a new index of these, and keeps everything else", async () => {
    const { root, index } = await select(attested(), "linux/amd64", "linux/s390x");
    expect(root.digest).toBe(digestOf(index?.bytes ?? Buffer.alloc(0)));
    const children = childrenOf(index);
    expect(children.map(({ platform }) => platform?.architecture)).toEqual([
      "amd64",
      "s390x",
      "unknown",
      "unknown",
    ]);
    expect(JSON.parse(index?.bytes.toString() ?? "")).toMatchObject({ extra: { kept: true } });
  });

  it("of all of them changes nothing", async () => {
    const image = attested();
    const { root, index } = await select(image, "linux/amd64", "linux/arm64", "linux/s390x");
    expect([root, index]).toEqual([image.root.descriptor, undefined]);
  });

  it("of a single image looks into its config", async () => {
    const image = makeImage([makeLayer("single", 10)], {
      os: "linux",
      architecture: "arm",
      variant: "v7",
    });
    expect((await select(image, "linux/arm")).root).toEqual(image.root.descriptor);
    await expect(select(image, "linux/arm/v6")).rejects.toMatchObject({
      code: "DRAY_PLATFORM_MISSING",
    });
  });

  it("that is not there is named with what is", async () => {
    await expect(
      select(makeMultiArch("missing", { size: 10 }), "linux/amd64", "windows/amd64"),
    ).rejects.toMatchObject({
      code: "DRAY_PLATFORM_MISSING",
      kind: "usage",
      message: "Cannot take r.example/app:1 for windows/amd64: found linux/amd64, linux/arm64",
    });
  });

  it("never takes an attestation for something that runs", async () => {
    await expect(select(attested(), "unknown/unknown")).rejects.toMatchObject({
      code: "DRAY_PLATFORM_MISSING",
    });
  });
});
