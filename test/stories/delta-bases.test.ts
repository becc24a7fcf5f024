import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { refuse } from "../../fixtures/faults.ts";
import { bundleFile, readEntries, SIGNER } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { pack } from "../../src/stories/pack.ts";
import { sign } from "../../src/stories/sign.ts";
import { split } from "../../src/stories/split.ts";
import { inventory } from "../../src/stories/inventory.ts";
import { verify } from "../../src/stories/verify.ts";
import { refusal } from "../refusal.ts";
import { fill, QUICK, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle, recipeOf, TRUST, type Desk } from "./lab.ts";

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

function packFrom(path: string): Promise<unknown> {
  return pack({
    recipe: recipeOf({ from: [path] }),
    output: `${path}.again`,
    trust: async () => TRUST,
  });
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

describe("two targets that have a half each", () => {
  it("do not make a whole: it is new", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    const names = ["team/one:1", "team/two:1"];
    const receipts: string[] = [];
    for (const name of names) {
      await fill(registry, BEFORE, name);
      const output = join(at.directory, `${name.slice(5, 8)}.tar.gz`);
      await packImages({ ...at, output }, [name], { store: undefined });
      const receipt = join(at.directory, `${name.slice(5, 8)}.json`);
      await pushBundle(output, (await startRegistry()).host, { receipt });
      receipts.push(receipt);
    }
    const isNew = async (since: string[], wanted: string[]): Promise<boolean | undefined> => {
      const { plan } = await packImages(at, wanted, { since, dryRun: true });
      return plan.delta?.isNew;
    };
    expect(await isNew(receipts, names)).toBe(true);
    expect(await isNew(receipts.slice(0, 1), names.slice(0, 1))).toBe(false);
    expect(await isNew([...receipts, join(at.directory, "one.tar.gz")], names)).toBe(true);
  });
});

describe("a base that went below another prefix", () => {
  it("is found where the registry lists what it has, and not where it lists nothing", async () => {
    const { before, delta } = await releases();
    const target = await startRegistry();
    await pushBundle(before, `${target.host}/old`);
    target.inject({ path: /_catalog/, times: 1 }, refuse(401, "UNAUTHORIZED"));
    const elsewhere = `${target.host}/new`;
    expect((await refusal(() => pushBundle(delta, elsewhere))).code).toBe("DRAY_BASE_MISSING");
    target.forget();
    expect(await pushBundle(delta, elsewhere)).toMatchObject({ artifacts: [{ result: "pushed" }] });
    expect(target.requests("POST", /mount=/).map(({ path }) => path)).toEqual([
      expect.stringContaining("from=old%2Fteam%2Fapp") as string,
    ]);
  });
});

describe("a delta that is asked for what only a whole bundle can do", () => {
  it("says how to make one", async () => {
    const { delta } = await releases();
    const signing = await refusal(() => sign({ path: delta, key: SIGNER }));
    const packing = await refusal(() => packFrom(delta));
    for (const { code, hint } of [signing, packing]) {
      expect([code, hint]).toEqual([
        "DRAY_BASE_MISSING",
        expect.stringContaining(`dray unpack ${delta} WHOLE --base OLD`),
      ]);
    }
  });
});

describe("an inventory that Windows has saved", () => {
  it("is read with a byte order mark, and named for what it is in UTF-16 or cut short", async () => {
    const at = await releases();
    const path = await inventoryOf(at.registry.host);
    const text = await readFile(path, "utf8");
    const isNew = async (): Promise<boolean | undefined> => {
      const { plan } = await packImages(at, [NAME], { since: [path], dryRun: true });
      return plan.delta?.isNew;
    };
    await writeFile(path, `\ufeff${text}`);
    expect(await isNew()).toBe(false);
    await writeFile(path, `\ufeff${text}`, "utf16le");
    expect(await refusal(isNew)).toMatchObject({
      code: "DRAY_INVENTORY_INVALID",
      message: expect.stringContaining("found UTF-16") as string,
    });
    await writeFile(path, text.slice(0, -20));
    expect(await refusal(isNew)).toMatchObject({
      code: "DRAY_INVENTORY_INVALID",
      message: expect.stringContaining(JSON.stringify(path)) as string,
    });
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
    const others = target.seen.filter(
      ({ path: asked }) => !/^\/v2\/(?:team\/|_catalog$|$)/.test(asked),
    );
    expect(others).toEqual([]);
  });
});
