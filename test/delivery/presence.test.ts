import { expect, it } from "vitest";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { presenceByAsking } from "../../src/delivery/presence.ts";
import { startRun } from "../../src/events.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";

it("an image that is wanted by another algorithm than its registry answers with is compared by its bytes", async () => {
  const registry = await startRegistry();
  const image = makeImage([makeLayer("web", 500)]);
  await fill(registry, image, "team/app:1.0");
  const name = `${registry.host}/team/app:1.0`;
  const presenceOf = async (manifest: Uint8Array): Promise<string | undefined> => {
    const wanted = digestOf(manifest, "sha512");
    const asking = { access: {}, wanted: () => wanted };
    const found = await presenceByAsking([parseReference(name)], asking, startRun({}));
    return found.get(name);
  };
  expect(await presenceOf(image.root.bytes)).toBe("there");
  expect(await presenceOf(Buffer.from("another"))).toBe("rewritten");
});
