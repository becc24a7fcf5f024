import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chartYaml, packedChart } from "../../fixtures/charts.ts";
import { flipBody, refuse } from "../../fixtures/faults.ts";
import { makeMultiArch, makeReferrer } from "../../fixtures/images.ts";
import { makeCosigned } from "../../fixtures/referrers.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { basicDoor } from "../../fixtures/token-server.ts";
import type { PushIncomplete } from "../../src/delivery/incomplete.ts";
import { parseReceipt } from "../../src/delivery/receipt-schema.ts";
import type { RunOptions } from "../../src/events.ts";
import { parseImage, type Recipe } from "../../src/intake/recipe/recipe.ts";
import { cosignTag } from "../../src/oci/referrer.ts";
import type { RegistryAccess } from "../../src/remote/registry/access.ts";
import { copyAll, type CopyReport, type RecipeCopyOptions } from "../../src/stories/copy.ts";
import { refusal } from "../refusal.ts";
import {
  fill,
  login,
  oneLayerImage,
  QUICK,
  repositoryOf,
  startRegistry,
} from "../remote/registry/lab.ts";
import { blobBytesSent, bytesReceived, filesBelow, recipeOf } from "./lab.ts";

const web = makeMultiArch("copied");
const api = oneLayerImage("copied-api");

interface Changes
  extends Partial<Omit<RecipeCopyOptions, "recipe" | "registry" | "target">>, RunOptions {
  readonly registry?: RegistryAccess;
  readonly recipe?: Partial<Recipe>;
}

/** Copies images of `source` to `REGISTRY[/PREFIX]`: `team/web:1.0`. */
async function copyImages(
  source: TestRegistry,
  target: string,
  { recipe = {}, signal, onEvent, ...changes }: Changes = {},
): Promise<CopyReport> {
  const names = ["team/api:2.0", "team/web:1.0"];
  const images = names.map((name) => ({ reference: parseImage(`${source.host}/${name}`) }));
  return copyAll(
    {
      recipe: recipeOf({ images, ...recipe }),
      store: join(await temporaryDirectory(), "store"),
      target,
      ...changes,
      registry: { ...QUICK, ...changes.registry },
      targetRegistry: { ...QUICK, ...changes.targetRegistry },
    },
    { signal, onEvent },
  );
}

async function filled(): Promise<TestRegistry> {
  const source = await startRegistry();
  await fill(source, api, "team/api:2.0");
  await fill(source, web, "team/web:1.0");
  return source;
}

function results({ artifacts }: Pick<CopyReport, "artifacts">): string[] {
  return artifacts.map(({ target, result }) => `${target.split("/").at(-1)} ${result}`);
}

/** Names under which manifests were written, in order. */
function written(target: TestRegistry): string[] {
  return target
    .requests("PUT", /\/manifests\//)
    .map(({ path }) => path.replace("/v2/", "").replace("/manifests/", ":"));
}

/** A chart on disk that pulls `image`. */
async function chartThatPulls(image: string): Promise<string> {
  const path = join(await temporaryDirectory(), "front-1.0.0.tgz");
  const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec:\n  containers:\n    - {name: one, image: '${image}'}\n`;
  const files = { "Chart.yaml": chartYaml("front"), "templates/pod.yaml": pod };
  await writeFile(path, packedChart(files, { name: "front" }));
  return path;
}

describe("copy", () => {
  it("brings every platform of an image from one registry to another, every digest the same", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    const store = join(await temporaryDirectory(), "store");
    const report = await copyImages(source, `${target.host}/mirror`, { store });
    expect(results(report)).toEqual(["api:2.0 pushed", "web:1.0 pushed"]);
    const found = await repositoryOf(target, { name: "mirror/team/web" }).resolve("1.0");
    expect(found).toEqual(web.root.descriptor);
    for (const { digest } of web.blobs.map(({ descriptor }) => descriptor)) {
      expect(target.seen.map(({ path }) => decodeURIComponent(path))).toContainEqual(
        expect.stringContaining(digest),
      );
    }
    expect(await filesBelow(store).catch(() => [])).toEqual([]);
  });

  it("sends nothing and fetches no layer when it is run again", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    await copyImages(source, target.host);
    const layers = blobBytesSent(source);
    source.forget();
    target.forget();
    const again = await copyImages(source, target.host);
    expect(results(again)).toEqual(["api:2.0 present", "web:1.0 present"]);
    expect([bytesReceived(target), written(target)]).toEqual([0, []]);
    // Configurations are read to know what an image is for; layers are not.
    expect(blobBytesSent(source)).toBeLessThan(layers / 2);
  });

  it("gives a chart its tag after the images that it pulls, found as pack finds them", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    const path = await chartThatPulls(`${source.host}/team/web:1.0`);
    const charts = [{ kind: "file", path, images: "needed" } as const];
    const report = await copyImages(source, target.host, { recipe: { images: [], charts } });
    expect(results(report)).toEqual(["web:1.0 pushed", "front:1.0.0 pushed"]);
    expect(written(target).filter((one) => !one.includes("sha256"))).toEqual([
      "team/web:1.0",
      "front:1.0.0",
    ]);
  });

  it("brings what refers to an image, before the image has its tag", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    const { descriptor } = web.root;
    const note = makeReferrer(descriptor, "note");
    const signatureTag = cosignTag(descriptor.digest, "sig");
    await fill(source, note, "team/web:note");
    await fill(source, makeCosigned(descriptor, "ours"), `team/web:${signatureTag}`);
    await copyImages(source, target.host, { only: ["*web*"] });
    const puts = written(target);
    expect(puts).toContain(`team/web:${note.root.descriptor.digest}`);
    expect(puts).toContain(`team/web:${signatureTag}`);
    expect(puts.at(-1)).toBe("team/web:1.0");
  });

  it("links blobs within one registry, and moves none", async () => {
    const registry = await filled();
    const report = await copyImages(registry, `${registry.host}/mirror`);
    expect(report.totals.mounted.blobs).toBeGreaterThan(0);
    expect(registry.requests("PUT", /\/blobs\/uploads\//)).toEqual([]);
  });

  it("asks and sends nothing in a dry run", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    const report = await copyImages(source, target.host, { dryRun: true });
    expect(results(report)).toEqual(["api:2.0 pushed", "web:1.0 pushed"]);
    expect(target.seen.filter(({ method }) => !/^(GET|HEAD|OPTIONS)$/.test(method))).toEqual([]);
  });

  it("fails before anything is sent where an image is not there", async () => {
    const [source, target] = [await startRegistry(), await startRegistry()];
    await fill(source, web, "team/web:1.0");
    const error = await refusal(() => copyImages(source, target.host));
    expect(error).toMatchObject({ code: "DRAY_REGISTRY_NOT_FOUND" });
    expect(error.message).toContain("team/api:2.0");
    expect(target.seen).toEqual([]);
  });

  it("of files alone says that they go nowhere", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    const path = await chartThatPulls("none");
    const recipe = { images: [], files: [{ path, as: "notes" }] };
    const error = await refusal(() => copyImages(source, target.host, { recipe }));
    expect(error).toMatchObject({ code: "DRAY_PUSH_EMPTY", kind: "usage" });
  });
});

describe("a copy of which something fails", () => {
  it("brings the others, and the receipt says which and why", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    target.inject({ path: /^\/v2\/team\/api\/blobs\/uploads/ }, refuse(403, "DENIED"));
    const receipt = join(await temporaryDirectory(), "receipt.json");
    const error = await refusal(() =>
      copyImages(source, target.host, { receipt, recipeName: "bundle.yaml" }),
    );
    expect(error).toMatchObject({ code: "DRAY_PUSH_INCOMPLETE", kind: "partial" });
    const { report } = error as PushIncomplete;
    expect(results(report as CopyReport)).toEqual(["api:2.0 failed", "web:1.0 pushed"]);
    const kept = parseReceipt(await readFile(receipt), receipt);
    expect(kept).toMatchObject({
      outcome: "partial",
      bundle: { path: "bundle.yaml", name: "test", version: "1.0" },
      signedBy: [],
      artifacts: [{ result: "failed", code: "DRAY_REGISTRY_DENIED" }, { result: "pushed" }],
    });
    target.mend();
    const again = await copyImages(source, target.host);
    expect(results(again)).toEqual(["api:2.0 pushed", "web:1.0 present"]);
  });

  it("gives no tag to what its source sends wrong, and brings the others", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    const { digest } = api.layer;
    source.inject({ method: "GET", path: new RegExp(digest) }, flipBody);
    const error = await refusal(() => copyImages(source, target.host));
    const { report } = error as PushIncomplete;
    expect(results(report as CopyReport)).toEqual(["api:2.0 failed", "web:1.0 pushed"]);
    expect(await repositoryOf(target, { name: "team/api" }).find("2.0")).toBeUndefined();
  });

  it("names the source for a blob that it has lost, and asks the target no second time", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    const lost = { method: "GET", path: new RegExp(api.layer.digest) };
    source.inject(lost, refuse(404, "BLOB_UNKNOWN"));
    const error = await refusal(() => copyImages(source, target.host));
    const { artifacts } = (error as PushIncomplete).report as CopyReport;
    const [first] = artifacts.filter(({ result }) => result === "failed");
    expect(first?.error).toContain(`source registry ${source.host}`);
    expect(source.requests("GET", lost.path)).toHaveLength(1);
  });

  it("holds a chart back whose image is refused", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    const path = await chartThatPulls(`${source.host}/team/web:1.0`);
    const charts = [{ kind: "file", path, images: "needed" } as const];
    target.inject({ path: /^\/v2\/team\/web\/blobs\/uploads/ }, refuse(403, "DENIED"));
    const error = await refusal(() =>
      copyImages(source, target.host, { recipe: { images: [], charts } }),
    );
    const { report } = error as PushIncomplete;
    expect(results(report as CopyReport)).toEqual(["web:1.0 failed", "front:1.0.0 held"]);
  });

  it("writes no tag when it is interrupted, says so in the receipt, and goes on later", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    const stop = new AbortController();
    const reason = new Error("stopped by a test");
    target.inject({ method: "PUT", path: /uploads/, times: 1 }, ({ request }) => {
      request.pause();
      stop.abort(reason);
    });
    const receipt = join(await temporaryDirectory(), "receipt.json");
    const copying = copyImages(source, target.host, { receipt, signal: stop.signal });
    await expect(copying).rejects.toBe(reason);
    expect(written(target).filter((one) => !one.includes("sha256"))).toEqual([]);
    expect(parseReceipt(await readFile(receipt), receipt).outcome).toBe("interrupted");
    expect(results(await copyImages(source, target.host))).toEqual([
      "api:2.0 pushed",
      "web:1.0 pushed",
    ]);
  });
});

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

/** Every login that a registry was shown. */
function shown({ seen }: TestRegistry): string[] {
  return [...new Set(seen.flatMap(({ headers: { authorization } }) => authorization ?? []))];
}

describe("the logins of a copy", () => {
  it("stay on their sides", async () => {
    const [source, target] = [await filled(), await startRegistry()];
    source.door = basicDoor({ reader: "of-the-source" });
    target.door = basicDoor({ writer: "of-the-target" });
    const report = await copyImages(source, target.host, {
      registry: { credentials: login("reader", "of-the-source") },
      targetRegistry: { credentials: login("writer", "of-the-target") },
    });
    expect(results(report)).toEqual(["api:2.0 pushed", "web:1.0 pushed"]);
    expect(shown(source)).toEqual([basic("reader:of-the-source")]);
    expect(shown(target)).toEqual([basic("writer:of-the-target")]);
  });
});
