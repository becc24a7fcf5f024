import { describe, expect, it } from "vitest";
import { answer } from "../../../fixtures/faults.ts";
import { readManifest } from "../../../src/content/verify.ts";
import { fill, oneLayerImage, repositoryOf, startHost, startRegistry } from "./lab.ts";

const image = oneLayerImage("odd-manifest");
const { descriptor } = image.root;

describe("a manifest", () => {
  it("that an index names with a wrong size is named as the part that can be had by itself", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const wrong = { ...descriptor, size: descriptor.size - 2 };
    await expect(readManifest(repositoryOf(registry), wrong)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
      message: expect.stringContaining("the index that names it gives a wrong size") as string,
      hint: expect.stringContaining(`${registry.host}/team/app@${descriptor.digest}`) as string,
    });
  });

  it("of the type that was withdrawn says what it is", async () => {
    const registry = await startRegistry();
    const type = { "Content-Type": "application/vnd.oci.artifact.manifest.v1+json" };
    registry.inject({ path: /manifests/ }, answer(200, type, '{"mediaType":"x","blobs":[]}'));
    await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_MANIFEST_UNSUPPORTED",
      message: expect.stringContaining("withdrawn") as string,
      hint: expect.stringContaining("artifactType") as string,
    });
  });
});

describe("an upload that is sent to an address that only the registry knows", () => {
  it.each([
    ["another host", "http://registry-0.registry.svc.invalid:5000"],
    ["an inner port", undefined],
  ])("is an error at once, for whoever runs it: %s", async (_what, inner) => {
    const registry = await startRegistry();
    const gone = await startHost(() => undefined);
    await gone.stop();
    registry.inject({ method: "POST" }, ({ request, response }) => {
      const Location = `${inner ?? gone.url}/v2/team/app/blobs/uploads/1`;
      request.resume();
      response.writeHead(202, { Location, "Content-Length": 0 }).end();
    });
    const pushing = repositoryOf(registry, { retryFor: 60_000 }).push(image.layer, {
      from: "test",
      async *open() {
        yield Buffer.alloc(image.layer.size);
      },
    });
    await expect(pushing).rejects.toMatchObject({
      code: "DRAY_REGISTRY_LOCATION",
      message: expect.stringContaining(inner ?? gone.url) as string,
      hint: expect.stringMatching(/^Tell whoever runs the registry.*X-Forwarded-Proto/) as string,
    });
    expect(registry.requests("POST")).toHaveLength(1);
  });
});
