import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { MEMBER_BYTES } from "../../src/archive/members/gzip-members.ts";
import type { DrayEvent } from "../../src/events.ts";
import type { PackResult } from "../../src/stories/pack.ts";
import { verify } from "../../src/stories/verify.ts";
import { refusal } from "../refusal.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { blobBytesSent, desk, packImages, TRUST, type Desk, type PackChanges } from "./lab.ts";

const MIB = 1024 * 1024;
/** In the order of the file. */
const LAYERS = ["a", "b", "c"]
  .map((seed) => makeLayer(seed, 3 * MIB))
  .toSorted((a, b) => (a.descriptor.digest < b.descriptor.digest ? -1 : 1));
const LAST = LAYERS.at(-1)?.descriptor ?? { digest: "", size: 0 };
/** One layer after another, so that it is known what has come. */
const IN_TURN = { registry: { concurrency: 1 } };
/** Every signature is another one. */
const UNSIGNED = { signingKey: undefined };
const NAME = "bundle.tar.gz";

async function atDesk(): Promise<Desk> {
  const registry = await startRegistry();
  await fill(registry, makeImage(LAYERS), "team/app:1");
  return desk(registry);
}

function packed(at: Desk, changes: PackChanges = {}): Promise<PackResult> {
  return packImages(at, ["team/app:1"], { store: undefined, force: false, ...changes });
}

async function filesIn({ directory }: Desk): Promise<Map<string, Buffer>> {
  const names = (await readdir(directory)).toSorted();
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await readFile(join(directory, name))] as const),
    ),
  );
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("a bundle that is packed in parts", () => {
  it.each([
    ["a size of no member", 2_500_003],
    ["parts that end in a checksum", MEMBER_BYTES - 3],
    ["parts that end in a member's header", MEMBER_BYTES + 7],
    ["a member each", MEMBER_BYTES],
  ])("is the whole, cut: %s", async (_what, split) => {
    const at = await atDesk();
    const { written } = await packed(at, { split, ...UNSIGNED });
    const files = await filesIn(at);
    const whole = Buffer.concat(
      [...files].filter(([name]) => /\.\d+$/.test(name)).map(([, b]) => b),
    );
    const other = { ...at, directory: at.store, output: `${at.directory}-${NAME}` };
    const { written: one } = await packed(other, UNSIGNED);
    expect(sha256(whole)).toBe(sha256(await readFile(other.output)));
    expect([written?.fileDigest, written?.bundleDigest]).toEqual([
      one?.fileDigest,
      one?.bundleDigest,
    ]);
    const parts = [...files].filter(([name]) => name !== `${NAME}.sha256`);
    expect(parts.every(([, { length }]) => length <= split)).toBe(true);
    const lines = parts.map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`);
    expect(files.get(`${NAME}.sha256`)?.toString()).toBe(
      `${lines.join("")}${sha256(whole)}  ${NAME}\n`,
    );
    const trust = { allowUnsigned: true };
    expect(await verify({ path: at.directory, trust })).toMatchObject({ good: true });
  });

  it("has no larger file than a part at any time, and leaves nothing else", async () => {
    const at = await atDesk();
    const split = 2 * MIB;
    const looks: Promise<number>[] = [];
    const largest = async (): Promise<number> => {
      const names = await readdir(at.directory);
      const stats = await Promise.all(
        names.map((name) => stat(join(at.directory, name)).catch(() => ({ size: 0 }))),
      );
      return Math.max(0, ...stats.map(({ size }) => size));
    };
    const onEvent = ({ type }: DrayEvent): void =>
      void (type === "progress" && looks.push(largest()));
    await packed(at, { split, onEvent });
    expect(looks.length).toBeGreaterThan(2);
    expect(Math.max(...(await Promise.all(looks)))).toBeLessThanOrEqual(split);
    const names = [1, 2, 3, 4, 5].map((number) => `${NAME}.00${number}`);
    expect([...(await filesIn(at)).keys()]).toEqual([...names, `${NAME}.sha256`]);
  });

  it("keeps its name where it fits into one", async () => {
    const at = await atDesk();
    await packed(at, { split: 100 * MIB });
    expect([...(await filesIn(at)).keys()]).toContain(NAME);
  });

  it("goes on where a run was ended", async () => {
    const at = await atDesk();
    const split = 2 * MIB;
    const stop = new AbortController();
    at.registry.inject({ path: new RegExp(LAST.digest) }, () => stop.abort());
    await expect(packed(at, { split, signal: stop.signal, ...IN_TURN })).rejects.toThrow(/abort/i);
    expect((await readdir(at.directory)).filter((name) => name.endsWith(".partial")).length).toBe(
      5,
    );
    at.registry.mend();
    at.registry.forget();
    await packed(at, { split });
    expect(blobBytesSent(at.registry)).toBeLessThan(LAST.size + 100_000);
    expect(await verify({ path: at.directory, trust: TRUST })).toMatchObject({ good: true });
  });

  it.each([
    ["in one file", undefined],
    ["in parts of another size", 3 * MIB],
  ])("is begun anew %s, and nothing of the first attempt stays", async (_what, split) => {
    const at = await atDesk();
    const stop = new AbortController();
    at.registry.inject({ path: new RegExp(LAST.digest) }, () => stop.abort());
    await expect(packed(at, { split: 2 * MIB, signal: stop.signal, ...IN_TURN })).rejects.toThrow(
      /abort/i,
    );
    at.registry.mend();
    await packed(at, { split });
    expect((await readdir(at.directory)).filter((name) => /partial/.test(name))).toEqual([]);
    expect(await verify({ path: at.directory, trust: TRUST })).toMatchObject({ good: true });
  });

  it.each([`${NAME}.001`, `${NAME}.007`, NAME])(
    "does not write over or beside %s",
    async (name) => {
      const at = await atDesk();
      await writeFile(join(at.directory, name), "mine");
      const error = await refusal(() => packed(at, { split: 2 * MIB }));
      expect([error.code, basename(at.output)]).toEqual(["DRAY_FILE_EXISTS", NAME]);
      await packed(at, { split: 2 * MIB, force: true });
      expect([...(await filesIn(at)).keys()]).toHaveLength(6);
    },
  );

  it("is replaced by one file only where that is said, and no part and no old sum stays", async () => {
    const at = await atDesk();
    await packed(at, { split: 3 * MIB });
    expect((await refusal(() => packed(at))).code).toBe("DRAY_FILE_EXISTS");
    await packed(at, { force: true });
    const files = await filesIn(at);
    expect([...files.keys()]).toEqual([NAME, `${NAME}.sha256`]);
    const sum = sha256(files.get(NAME) ?? Buffer.alloc(0));
    expect(String(files.get(`${NAME}.sha256`))).toBe(`${sum}  ${NAME}\n`);
  });

  it("takes nothing away that it replaces before all of it is on the disk", async () => {
    const at = await atDesk();
    await packed(at, { split: 2 * MIB });
    const sums = async (): Promise<string[]> =>
      [...(await filesIn(at))]
        .filter(([name]) => !name.includes("partial"))
        .map(([name, bytes]) => `${sha256(bytes)} ${name}`);
    const before = await sums();
    const stop = new AbortController();
    const onEvent = (event: DrayEvent): void => {
      if (event.type === "stage" && event.stage === "sync") stop.abort();
    };
    const again = { split: 3 * MIB, force: true, onEvent, signal: stop.signal };
    await expect(packed(at, again)).rejects.toThrow(/abort/i);
    expect(await sums()).toEqual(before);
  });

  it("removes nothing unfinished of another bundle whose name begins with its own", async () => {
    const at = await atDesk();
    const other = join(at.directory, `${NAME}.001.partial`);
    await writeFile(other, "another's");
    await packed({ ...at, output: join(at.directory, "bundle") }, { split: 2 * MIB });
    expect(await readFile(other, "utf8")).toBe("another's");
  });

  it("is what the recipe says, unless the command line says otherwise", async () => {
    const at = await atDesk();
    const { written } = await packed(at, { recipe: { split: 2 * MIB } });
    expect(written?.parts).toHaveLength(5);
  });

  it("is read back from its medium and compared", async () => {
    const at = await atDesk();
    const { readBackFrom } = await packed(at, { split: 2 * MIB, checkWritten: true });
    expect(["medium", "memory"]).toContain(readBackFrom);
  });
});
