import { onTestFinished, describe, expect, it } from "vitest";
import { classicSave, directoryOf, layoutMembers, named, tarFile } from "../../fixtures/foreign.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import { serve, type RunningRegistry } from "../../src/stories/serve.ts";
import { sign } from "../../src/stories/sign.ts";
import { newKey } from "../../fixtures/bundles.ts";
import { refusal } from "../refusal.ts";
import { optionsFor, plainImage, type Said } from "./lab.ts";

const app = makeMultiArch("app", { size: 3000 });
const APP = "registry.example/team/app:1.0";

async function served(path: string, said?: Said): Promise<RunningRegistry> {
  const registry = await serve({ ...optionsFor(path, said), port: 0 });
  onTestFinished(() => registry.close());
  return registry;
}

async function digestOfTag(url: string, name: string): Promise<string | null> {
  const headers = { accept: "application/vnd.oci.image.index.v1+json, */*" };
  const response = await fetch(`${url}/v2/${name}`, { method: "HEAD", headers });
  return response.headers.get("docker-content-digest");
}

describe("serve", () => {
  it("is a registry over what others have packed, file or directory", async () => {
    const members = [
      ...layoutMembers([named(app, APP)], "layout/"),
      { name: "saved.txt", content: "not an image" },
    ];
    for (const path of [await tarFile(members), await directoryOf(members)]) {
      const { url } = await served(path);
      const tag = "registry.example/team/app/manifests/1.0";
      expect(await digestOfTag(url, tag)).toBe(app.root.descriptor.digest);
    }
  });

  it("takes names for what has none", async () => {
    const { digest } = app.root.descriptor;
    const path = await directoryOf(layoutMembers([named(app, "1.0")]));
    const { url } = await served(path, { names: [`${digest}=${APP}`] });
    expect(await digestOfTag(url, "team/app/manifests/1.0")).toBe(digest);
  });
});

describe("sign", () => {
  it("refuses what others have packed: only a bundle has a list that can be signed", async () => {
    const path = await tarFile(classicSave([{ image: plainImage("saved"), tags: [APP] }]));
    const { trust: _, ...options } = optionsFor(path);
    const error = await refusal(() => sign({ ...options, key: newKey() }));
    expect(error).toMatchObject({ code: "DRAY_BUNDLE_FOREIGN", kind: "usage" });
  });
});
