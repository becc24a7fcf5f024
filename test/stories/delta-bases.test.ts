import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundleFile, readEntries } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { split } from "../../src/stories/split.ts";
import { inventory } from "../../src/stories/inventory.ts";
import { verify } from "../../src/stories/verify.ts";
import { refusal } from "../refusal.ts";
import { fill, QUICK, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle, TRUST, type Desk } from "./lab.ts";

const SHARED = makeLayer("shared", 100_000);
const BEFORE = makeImage([SHARED]);
const AFTER = makeImage([SHARED, makeLayer("new", 100_000)]);

const NAME = "team/app:latest";

interface Releases extends Desk {
  readonly before: string;
  readonly delta: string;
}

/** A tag, and then where it was moved to. */
async function releases(): Promise<Releases> {
  const registry = await startRegistry();
  const at = await desk(registry);
  const before = join(at.directory, "before.tar.gz");
  const delta = join(at.directory, "delta.tar.gz");
  await fill(registry, BEFORE, NAME);
  await packImages({ ...at, output: before }, [NAME], { store: undefined });
  await fill(registry, AFTER, NAME);
  const since = [before];
  await packImages({ ...at, output: delta }, [NAME], { store: undefined, since });
  return { ...at, before, delta };
}

async function inventoryOf(target: string): Promise<string> {
  const output = join((await desk(await startRegistry())).directory, "inventory.json");
  await inventory({ target, output, registry: QUICK });
  return output;
}

describe("a tag that was moved back", () => {
  it("is new since two bundles that have it for different things", async () => {
    const at = await releases();
    await fill(at.registry, BEFORE, NAME);
    const output = join(at.directory, "back.tar.gz");
    for (const since of [
      [at.before, at.delta],
      [at.delta, at.before],
    ]) {
      const { plan } = await packImages({ ...at, output }, [NAME], { since, dryRun: true });
      expect(plan.delta?.isNew).toBe(true);
    }
  });

  it("is new since a bundle that has it and an inventory of what it stands for now", async () => {
    const at = await releases();
    const since = [at.before, await inventoryOf(at.registry.host)];
    await fill(at.registry, BEFORE, NAME);
    const output = join(at.directory, "back.tar.gz");
    const { plan } = await packImages({ ...at, output }, [NAME], { since, dryRun: true });
    expect(plan.delta?.isNew).toBe(true);
  });
});

describe("a delta since an inventory", () => {
  it("of a registry at an IPv6 address can be read", async () => {
    const at = await releases();
    const path = await inventoryOf(at.registry.host);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(at.registry.host, "[2001:db8::1]:5000"));
    await fill(at.registry, makeImage([SHARED, makeLayer("third", 1000)]), NAME);
    const output = join(at.directory, "third.tar.gz");
    await packImages({ ...at, output }, [NAME], { since: [path] });
    const { findings } = await verify({ path: output, trust: TRUST });
    expect(findings.map(({ code }) => code)).toEqual(["BLOBS_LEFT_OUT"]);
    expect(findings[0]?.message).toContain("the inventory of [2001:db8::1]:5000");
  });
});

describe("a delta in parts", () => {
  it.each([true, false])("is not called damaged, with a list of sums: %s", async (sums) => {
    const { before, delta, directory } = await releases();
    const folder = join(directory, "parts");
    await mkdir(folder);
    await split({ path: delta, size: 30_000, directory: folder });
    if (!sums) await writeFile(join(folder, "delta.tar.gz.sha256"), "");
    const path = join(folder, "delta.tar.gz.001");
    const { findings } = await verify({ path, trust: TRUST });
    expect(findings.map(({ code }) => code)).toEqual(["BLOBS_LEFT_OUT"]);
    expect(await verify({ path, base: [before], trust: TRUST })).toMatchObject({ good: true });
    const target = await startRegistry();
    await pushBundle(before, target.host);
    expect(await pushBundle(path, target.host, { overwrite: true })).toMatchObject({
      artifacts: [{ result: "overwritten" }],
    });
  });
});

describe("a delta whose word of places was forged", () => {
  it("sends nobody out of the repositories of the target", async () => {
    const { delta } = await releases();
    const entries = await readEntries(delta);
    const text = entries.get("delta.json")?.toString() ?? "";
    const forged = text.replace(/"references":\[[^\]]*\]/, '"repositories":["a/../../b"]');
    expect(forged).not.toBe(text);
    const path = await bundleFile(entries.set("delta.json", Buffer.from(forged)));
    const target = await startRegistry();
    expect((await refusal(() => pushBundle(path, target.host))).code).toBe("DRAY_BASE_MISSING");
    const others = target.seen.filter(({ path: asked }) => !/^\/v2\/(?:team\/|$)/.test(asked));
    expect(others).toEqual([]);
  });
});
