import { expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer, type MadeImage } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { push } from "../../src/stories/push.ts";
import { startRegistry } from "../remote/registry/lab.ts";

/** An image that goes by the SHA-512 of its manifest, as `image:1.0@sha512:…` brings it. */
function strongImage(seed: string): MadeImage {
  const image = makeImage([makeLayer(seed, 500)]);
  const { bytes, descriptor } = image.root;
  const digest = digestOf(bytes, "sha512");
  return { ...image, root: { bytes, descriptor: { ...descriptor, digest } } };
}

it("an image that goes by a SHA-512 is there the second time, whatever digest its registry answers with", async () => {
  const { host } = await startRegistry();
  const { path } = await makeBundle({ images: { "ghcr.io/acme/web:1.0": strongImage("web") } });
  const run = { workDirectory: await temporaryDirectory() };
  const options = { path, trust: { keys: [SIGNER.publicKey] }, target: host };
  expect((await push(options, run)).artifacts).toMatchObject([{ result: "pushed" }]);
  expect((await push(options, run)).artifacts).toMatchObject([{ result: "present" }]);
});
