import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { answer, refuse } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import {
  formatInventory,
  inventoryJsonSchema,
  parseInventory,
  type Inventory,
} from "../../src/delivery/inventory-document.ts";
import {
  inventory,
  type InventoryOptions,
  type InventoryReport,
} from "../../src/stories/inventory.ts";
import { authored, type Authored } from "../../src/content/memory.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { MAX_INDEX_DEPTH } from "../../src/oci/manifest.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { refusal } from "../refusal.ts";
import { fill, QUICK, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle } from "./lab.ts";

const LAYER = makeLayer("kept", 50_000);
const IMAGE = makeImage([LAYER]);

async function holding(images: Readonly<Record<string, MadeImage>>): Promise<TestRegistry> {
  const registry = await startRegistry();
  for (const [name, image] of Object.entries(images)) await fill(registry, image, name);
  return registry;
}

async function take(
  target: string,
  changes: Partial<InventoryOptions> = {},
): Promise<{ report: InventoryReport; found: Inventory; path: string }> {
  const path = join(await temporaryDirectory(), "inventory.json");
  const report = await inventory({ target, output: path, registry: QUICK, ...changes });
  return { report, found: parseInventory(await readFile(path), path), path };
}

interface Scope {
  readonly prefix?: string;
  readonly repositories?: readonly string[];
  readonly names: readonly string[];
}

describe("inventory", () => {
  it("lists repositories, tags, digests, and blobs with their sizes", async () => {
    const both = makeMultiArch("both");
    const registry = await holding({ "team/app:1.0": IMAGE, "team/both:2": both });
    const { found, report } = await take(registry.host);
    expect(found.repositories.map(({ name, tags }) => [name, tags])).toEqual([
      ["team/app", { "1.0": IMAGE.root.descriptor.digest }],
      ["team/both", { 2: both.root.descriptor.digest }],
    ]);
    expect(found.blobs).toContainEqual({
      digest: LAYER.descriptor.digest,
      size: LAYER.descriptor.size,
    });
    expect(report).toMatchObject({ repositories: 2, tags: 2, blobs: 2 + 5, findings: [] });
  });

  it("changes nothing at the registry", async () => {
    const registry = await holding({ "team/app:1.0": IMAGE });
    await take(registry.host);
    expect(registry.seen.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
  });

  it("leaves out and names what manifests need and somebody has deleted", async () => {
    const registry = await holding({ "team/app:1.0": IMAGE });
    const { digest } = LAYER.descriptor;
    registry.inject({ path: new RegExp(`blobs/${digest}`) }, refuse(404, "BLOB_UNKNOWN"));
    const { found, report } = await take(registry.host);
    expect(found.blobs.map((blob) => blob.digest)).not.toContain(digest);
    expect(report.findings).toMatchObject([{ code: "INVENTORY_INCOMPLETE", entry: "team/app" }]);
  });

  it.each<readonly [string, Scope]>([
    ["a prefix", { prefix: "/team", names: ["team/app", "team/web"] }],
    ["a pattern", { repositories: ["*/web"], names: ["other/web", "team/web"] }],
    ["a pattern below a prefix", { prefix: "/team", repositories: ["w*"], names: ["team/web"] }],
    ["a name", { repositories: ["other/web"], names: ["other/web"] }],
  ])("looks only at what %s names", async (_what, { prefix = "", repositories, names }) => {
    const registry = await holding({
      "team/app:1": IMAGE,
      "team/web:1": IMAGE,
      "other/web:1": IMAGE,
    });
    const { found } = await take(registry.host + prefix, { repositories });
    expect(found.repositories.map(({ name }) => name)).toEqual(names);
  });

  it("asks a registry that lists no repositories for those that are named", async () => {
    const registry = await holding({ "team/app:1": IMAGE });
    registry.inject({ path: /_catalog/ }, refuse(403, "DENIED"));
    const error = await refusal(() => take(registry.host));
    expect([error.code, error.hint]).toEqual([
      "DRAY_REGISTRY_UNSUPPORTED",
      expect.stringContaining("--repo"),
    ]);
    const { report } = await take(registry.host, { repositories: ["team/app"] });
    expect(report).toMatchObject({ repositories: 1, tags: 1 });
  });

  it("refuses a pattern that no repository matches, and names some", async () => {
    const registry = await holding({ "team/app:1": IMAGE });
    const error = await refusal(() => take(registry.host, { repositories: ["*/ap"] }));
    expect([error.code, error.hint]).toEqual([
      "DRAY_PATTERN_UNUSED",
      expect.stringContaining("team/app"),
    ]);
  });

  it("says that there is nothing under a name, which may be a slip of the pen", async () => {
    const registry = await holding({ "team/app:1": IMAGE });
    const { report } = await take(registry.host, { repositories: ["team/app", "team/ap"] });
    expect(report.findings).toMatchObject([{ code: "INVENTORY_INCOMPLETE", entry: "team/ap" }]);
  });

  it.each([
    ["pages without end", { repositories: [] }, "DRAY_REGISTRY_ANSWER_TOO_LARGE"],
    ["something else in its place", { repositories: "all" }, "DRAY_REGISTRY_FAILED"],
    ["an answer that is no list", { status: "ok" }, "DRAY_REGISTRY_FAILED"],
  ])("is not led on by %s", async (_what, body, code) => {
    const registry = await holding({ "team/app:1": IMAGE });
    let page = 0;
    registry.inject({ path: /_catalog/ }, (exchange) =>
      answer(
        200,
        { "Content-Type": "application/json", Link: `</v2/_catalog?last=${page++}>; rel="next"` },
        JSON.stringify(body),
      )(exchange),
    );
    expect((await refusal(() => take(registry.host))).code).toBe(code);
  });

  it.each(["Team/app", "team/app:1.0", "../x", "a b"])(
    "takes no name that no registry has: %s",
    async (name) => {
      const registry = await startRegistry();
      const error = await refusal(() => take(registry.host, { repositories: [name] }));
      expect([error.code, error.kind]).toEqual(["DRAY_REFERENCE_INVALID", "usage"]);
      expect(registry.seen).toEqual([]);
    },
  );

  it("names what lies deeper than it looks", async () => {
    const blobs: Authored[] = [...IMAGE.blobs];
    let root = IMAGE.root;
    for (let level = 0; level <= MAX_INDEX_DEPTH; level++) {
      blobs.push(root);
      const manifests = [root.descriptor];
      const index = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests };
      root = authored(MediaType.ociIndex, Buffer.from(JSON.stringify(index)));
    }
    const registry = await holding({ "team/deep:1": { root, blobs } });
    const { found, report } = await take(registry.host);
    expect(found.blobs).toEqual([]);
    expect(report.findings).toMatchObject([
      {
        code: "INVENTORY_INCOMPLETE",
        message: expect.stringContaining(IMAGE.root.descriptor.digest) as string,
      },
    ]);
  });

  it("takes no name that is none, and no manifest that is none, and goes on", async () => {
    const registry = await holding({ "team/app:1": IMAGE, "team/bad:1": makeImage([]) });
    const names = JSON.stringify({ repositories: ["../x", "a b", "team/app", "team/bad"] });
    const json = { "Content-Type": "application/json" };
    registry.inject({ path: /_catalog/ }, answer(200, json, names));
    registry.inject({ method: "GET", path: /team\/bad\/manifests/ }, answer(200, json, "{}"));
    const { found, report } = await take(registry.host);
    expect(found.repositories.map(({ name }) => name)).toEqual(["team/app", "team/bad"]);
    expect(report.findings.map(({ code }) => code)).toEqual(["INVENTORY_INCOMPLETE"]);
  });
});

describe("schema/inventory.schema.json", () => {
  it("of a million blobs can be read, and of more than can be is not written", () => {
    const digest = digestOf(Buffer.from("x"));
    const blobs = Array.from({ length: 600_000 }, (_, size) => ({ digest, size }));
    const large: Inventory = {
      inventoryVersion: 1,
      generator: "test",
      taken: "2026-01-01T00:00:00Z",
      registry: "registry.test",
      repositories: [{ name: "team/app", tags: {}, blobs: [0] }],
      blobs,
    };
    const read = parseInventory(formatInventory(large), "large.json");
    expect(read.blobs).toHaveLength(600_000);
    const tooLarge = { ...large, blobs: [...blobs, ...blobs, ...blobs] };
    expect(() => formatInventory(tooLarge)).toThrow(/about a million at most/);
  });

  it("is the schema of what is read", async () => {
    const file = new URL("../../schema/inventory.schema.json", import.meta.url);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(inventoryJsonSchema());
  });
});

describe("pack since an inventory", () => {
  it("leaves behind what is there, wherever, and brings again what was deleted", async () => {
    const added = makeLayer("added", 40_000);
    const source = await holding({ "team/app:1": IMAGE, "team/app:2": makeImage([LAYER, added]) });
    const at = await desk(source);
    await packImages(at, ["team/app:1"]);
    const target = await startRegistry();
    await pushBundle(at.output, `${target.host}/mirror`);
    const { path } = await take(target.host);
    const { plan } = await packImages(at, ["team/app:2"], { since: [path] });
    expect(plan.delta).toMatchObject({ isNew: true, blobs: 1 });
    const { artifacts } = await pushBundle(at.output, `${target.host}/mirror`);
    expect(artifacts).toMatchObject([{ result: "pushed" }]);

    target.inject({ path: new RegExp(LAYER.descriptor.digest) }, refuse(404, "BLOB_UNKNOWN"));
    const { path: later } = await take(target.host);
    const again = await packImages(at, ["team/app:2"], { since: [later] });
    expect(again.plan.delta).toMatchObject({ isNew: true, blobs: 1 });
  });

  it("finds nothing new below one prefix alone", async () => {
    const source = await holding({ "team/app:1": IMAGE, "team/web:1": IMAGE });
    const at = await desk(source);
    await packImages(at, ["team/app:1", "team/web:1"]);
    const target = await startRegistry();
    await pushBundle(at.output, `${target.host}/one`, { only: ["*/app:1"] });
    await pushBundle(at.output, `${target.host}/two`, { only: ["*/web:1"] });
    const since = [(await take(target.host)).path];
    const names = ["team/app:1", "team/web:1"];
    expect((await packImages(at, names, { since })).plan.delta).toMatchObject({ isNew: true });
    await pushBundle(at.output, `${target.host}/two`);
    const now = [(await take(target.host)).path];
    expect((await packImages(at, names, { since: now })).plan.delta?.isNew).toBe(false);
  });
});
