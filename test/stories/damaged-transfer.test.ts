import { describe, expect, it } from "vitest";
import { answer, cutAnswerAfter, flipBody, hangUp, onlyRanges } from "../../fixtures/faults.ts";
import { parseChart } from "../../src/intake/recipe/chart-request.ts";
import { verify } from "../../src/stories/verify.ts";
import { startRepository } from "../remote/chart-repository/lab.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { desk, filesBelow, packImages, TRUST } from "./lab.ts";

async function isAccepted(path: string): Promise<boolean> {
  return (await verify({ path, trust: TRUST })).good;
}

const image = oneLayerImage("transferred", 100_000);

describe("pack goes on", () => {
  it.each([
    ["416", answer(416)],
    ["501", answer(501)],
    ["another range", answer(206, {}, "else")],
    ["nothing", hangUp],
  ])(
    "after a run that broke off, at a server that gives %s for the rest of a blob",
    async (_what, fault) => {
      const registry = await startRegistry();
      await fill(registry, image);
      const at = await desk(registry);
      registry.inject({ path: /blobs/ }, (exchange) => {
        const isRest = exchange.request.headers.range !== undefined;
        (isRest ? hangUp : cutAnswerAfter(80_000))(exchange);
      });
      await expect(packImages(at, ["team/app:1.0"])).rejects.toMatchObject({
        code: "DRAY_REGISTRY_UNREACHABLE",
      });
      expect((await filesBelow(at.store)).some((path) => path.startsWith("ingest/"))).toBe(true);
      registry.mend();
      registry.inject({ path: /blobs/ }, onlyRanges(fault));
      await packImages(at, ["team/app:1.0"]);
      expect(await isAccepted(at.output)).toBe(true);
    },
  );

  it.each([
    ["a layer", { path: new RegExp(`/blobs/${image.layer.digest}`) }],
    ["a manifest", { method: "GET", path: /\/manifests\// }],
    ["a config", { path: new RegExp(`/blobs/(?!${image.layer.digest})`) }],
  ])("when %s was damaged on its way once", async (_what, rule) => {
    const registry = await startRegistry();
    await fill(registry, image);
    const at = await desk(registry);
    registry.inject({ ...rule, times: 1 }, flipBody);
    await packImages(at, ["team/app:1.0"]);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("when a chart of a chart repository was damaged on its way once", async () => {
    const at = await desk(await startRegistry());
    const repository = await startRepository();
    const tgz = repository.publish("web", { version: "1.2.3" });
    let isDamaged = true;
    repository.files.set("/charts/web-1.2.3.tgz", (_request, response) => {
      response.end(isDamaged ? Buffer.from(tgz).fill(0, 20, 21) : tgz);
      isDamaged = false;
    });
    const charts = [parseChart(`${repository.url}#web:1.2.3`)];
    await packImages(at, [], { recipe: { charts } });
    expect(await isAccepted(at.output)).toBe(true);
  });
});
