import { writeFileSync } from "node:fs";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hangUp, refuse } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, makeMultiArch } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { Receipt } from "../../src/delivery/receipt.ts";
import { parseReceipt, receiptJsonSchema } from "../../src/delivery/receipt-schema.ts";
import type { DrayError } from "../../src/errors.ts";
import { VERSION } from "../../src/version.ts";
import { outcome, refusal } from "../refusal.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { desk, filesBelow, packImages, pushBundle } from "./lab.ts";

const multi = makeMultiArch("receipted");
const base = makeLayer("base", 20_000);
const own = makeLayer("other", 1000);
const other = makeImage([base, own]);
const third = makeImage([base, makeLayer("third", 1000)]);

interface Crossing {
  readonly path: string;
  readonly target: TestRegistry;
  readonly receipt: string;
  readonly directory: string;
}

async function crossing(): Promise<Crossing> {
  const source = await startRegistry();
  await fill(source, multi, "team/app:1.0");
  await fill(source, other, "team/other:2");
  await fill(source, third, "team/third:3");
  const at = await desk(source);
  await packImages(at, ["team/app:1.0", "team/other:2", "team/third:3"]);
  const directory = await temporaryDirectory();
  const receipt = join(directory, "receipt.json");
  return { path: at.output, target: await startRegistry(), receipt, directory };
}

async function read(path: string): Promise<Receipt> {
  return parseReceipt(await readFile(path), path);
}

function results({ artifacts }: Receipt): string[] {
  return artifacts.map(({ result }) => result);
}

describe("the receipt of a push", () => {
  it("says who pushed what, when, from where, and how every blob got there", async () => {
    const { path, target, receipt } = await crossing();
    const before = Date.now();
    const report = await pushBundle(path, `${target.host}/mirror`, { receipt });
    const found = await read(receipt);
    expect(found).toMatchObject({
      receiptVersion: 1,
      outcome: "done",
      user: userInfo().username,
      host: hostname(),
      generator: `dray ${VERSION}`,
      bundle: { path, name: "test", version: "1.0", digest: report.bundle.digest },
      signedBy: report.signedBy,
      target: `${target.host}/mirror`,
      totals: report.totals,
    });
    expect(found.signedBy).toHaveLength(1);
    expect(Date.parse(found.started)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(found.finished)).toBeGreaterThanOrEqual(Date.parse(found.started));
    expect(found.artifacts).toEqual(report.artifacts);
    const [app] = found.artifacts;
    const { digest } = multi.root.descriptor;
    expect(app).toMatchObject({
      kind: "image",
      reference: expect.stringMatching(/^127\.0\.0\.1:\d+\/team\/app:1\.0$/) as string,
      target: `${target.host}/mirror/team/app:1.0`,
      pinned: `${target.host}/mirror/team/app@${digest}`,
      tag: "1.0",
      result: "pushed",
    });
    const everything = [multi.root, ...multi.blobs].map(({ descriptor }) => descriptor.digest);
    expect(new Set(app?.blobs.map((blob) => blob.digest))).toEqual(new Set(everything));
    expect(app?.blobs.every(({ result }) => result === "sent")).toBe(true);
    const shared = found.artifacts
      .flatMap(({ blobs }) => blobs)
      .filter((blob) => blob.digest === base.descriptor.digest);
    expect(shared.map(({ result }) => result).toSorted()).toEqual(["mounted", "sent"]);
  });

  it("says of a second push that everything was there, and replaces the first", async () => {
    const { path, target, receipt, directory } = await crossing();
    await pushBundle(path, target.host, { receipt });
    await pushBundle(path, target.host, { receipt });
    const found = await read(receipt);
    expect(results(found)).toEqual(["present", "present", "present"]);
    const blobs = found.artifacts.flatMap((artifact) => artifact.blobs);
    expect(new Set(blobs.map(({ result }) => result))).toEqual(new Set(["present"]));
    expect(await filesBelow(directory)).toEqual(["receipt.json"]);
  });

  it("of a push that failed on the way says what is there, and why it ended", async () => {
    const { path, target, receipt } = await crossing();
    const { digest } = own.descriptor;
    target.inject(
      { method: "PUT", path: new RegExp(encodeURIComponent(digest)) },
      refuse(403, "DENIED"),
    );
    const error = await refusal(() => pushBundle(path, target.host, { receipt }));
    const found = await read(receipt);
    expect(found.outcome).toBe("partial");
    expect(found.error).toEqual({ code: error.code, message: error.message });
    expect(results(found)).toEqual(["pushed", "failed", "pushed"]);
    expect(found.artifacts[1]).toMatchObject({
      tag: "2",
      error: expect.stringContaining("403 (DENIED") as string,
      code: "DRAY_REGISTRY_DENIED",
      hint: expect.stringContaining("Log in") as string,
    });
    const unfinished = found.artifacts[1]?.blobs.filter(({ result }) => result === "unfinished");
    expect(unfinished?.map((blob) => blob.digest)).toContain(digest);
  });

  it("of a push that wrote some tags says which", async () => {
    const { path, target, receipt } = await crossing();
    target.inject({ method: "PUT", path: /other\/manifests\/2$/ }, refuse(400, "TAG_INVALID"));
    await refusal(() => pushBundle(path, target.host, { receipt }));
    const found = await read(receipt);
    expect(found.outcome).toBe("partial");
    expect(results(found)).toEqual(["pushed", "failed", "pushed"]);
    expect(found.artifacts[1]?.error).toContain("TAG_INVALID");
  });

  it.each([
    ["a registry that is gone", async ({ target }: Crossing) => target.stop(), 3],
    [
      "tags that stand for something else",
      async ({ target }: Crossing) => void (await fill(target, oneLayerImage("x"), "team/app:1.0")),
      3,
    ],
    [
      "a damaged bundle",
      async ({ path }: Crossing) => writeFile(path, (await readFile(path)).subarray(0, 5000)),
      0,
    ],
  ])("is written for %s too, where nothing was sent", async (_what, spoil, artifacts) => {
    const at = await crossing();
    await spoil(at);
    const error = await refusal(() => pushBundle(at.path, at.target.host, { receipt: at.receipt }));
    const found = await read(at.receipt);
    expect([found.outcome, found.error?.code]).toEqual(["failed", error.code]);
    expect(results(found)).toEqual(Array.from({ length: artifacts }, () => "unfinished"));
  });

  it("is left as it was where the next command is written wrong", async () => {
    const { path, target, receipt } = await crossing();
    await pushBundle(path, target.host, { receipt });
    const before = await readFile(receipt);
    target.forget();
    const error = await refusal(() => pushBundle(`${path}.missing`, target.host, { receipt }));
    expect([error.code, error.kind]).toEqual(["DRAY_FILE_NOT_FOUND", "usage"]);
    const only = { only: ["nothing-like-it"] };
    const unused = await refusal(() => pushBundle(path, target.host, { receipt, ...only }));
    expect([unused.code, unused.kind]).toEqual(["DRAY_PATTERN_UNUSED", "usage"]);
    expect(target.seen).toEqual([]);
    expect((await readFile(receipt)).equals(before)).toBe(true);
  });

  it("of a push that was interrupted says so", async () => {
    const { path, target, receipt } = await crossing();
    const stop = new AbortController();
    target.inject({ method: "PUT", path: /manifests/, times: 1 }, (exchange) => {
      stop.abort();
      hangUp(exchange);
    });
    const pushing = pushBundle(path, target.host, { receipt, signal: stop.signal });
    await expect(pushing).rejects.toMatchObject({ name: "AbortError" });
    const found = await read(receipt);
    expect(found.outcome).toBe("interrupted");
    expect(new Set(results(found))).toEqual(new Set(["unfinished"]));
  });

  it("of a rehearsal is not written", async () => {
    const { path, target, receipt, directory } = await crossing();
    await pushBundle(path, target.host, { receipt, dryRun: true });
    expect(await filesBelow(directory)).toEqual([]);
  });
});

describe("the place of a receipt", () => {
  it.each([
    ["the bundle itself", async ({ path }: Crossing) => path],
    ["a text", async (at: Crossing) => written(at, "notes.txt", "remember the milk")],
    ["another JSON", async (at: Crossing) => written(at, "values.json", '{"artifacts":[]}')],
    ["an empty file", async (at: Crossing) => written(at, "empty", "")],
    ["a folder", async ({ directory }: Crossing) => directory],
    [
      "a link",
      async ({ directory, path }: Crossing) => {
        await symlink(path, join(directory, "link"));
        return join(directory, "link");
      },
    ],
    ["in a folder that is not there", async (at: Crossing) => join(at.directory, "no", "r.json")],
    [
      "behind a link in a folder that others can write",
      async ({ directory }: Crossing) => {
        const shared = join(directory, "shared");
        await mkdir(join(directory, "private"));
        await mkdir(shared);
        await chmod(shared, 0o777);
        await symlink(join(directory, "private"), join(shared, "mine"));
        return join(shared, "mine", "receipt.json");
      },
    ],
  ])("cannot be %s: 2, before anything is asked", async (_what, place) => {
    const at = await crossing();
    const receipt = await place(at);
    const before = await filesBelow(at.directory);
    const bundle = await readFile(at.path);
    const error = await refusal(() => pushBundle(at.path, at.target.host, { receipt }));
    expect([error.code, error.kind]).toEqual(["DRAY_OUTPUT_REFUSED", "usage"]);
    expect(at.target.seen).toEqual([]);
    expect(await filesBelow(at.directory)).toEqual(before);
    expect((await readFile(at.path)).equals(bundle)).toBe(true);
  });

  it("is kept by what somebody else puts there during the push, and that is said", async () => {
    const { path, target, receipt } = await crossing();
    target.inject({ method: "PUT", path: /manifests\/1\.0$/ }, ({ proceed }) => {
      writeFileSync(receipt, "mine");
      proceed();
    });
    const error = await refusal(() => pushBundle(path, target.host, { receipt }));
    expect(error.code).toBe("DRAY_OUTPUT_REFUSED");
    expect(await readFile(receipt, "utf8")).toBe("mine");
  });
});

async function written({ directory }: Crossing, name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text);
  return join(directory, name);
}

async function receiptOfPush(): Promise<Receipt> {
  const { path, target, receipt } = await crossing();
  await pushBundle(path, target.host, { receipt });
  return read(receipt);
}

function parsed(value: unknown): Receipt | DrayError {
  return outcome(() => parseReceipt(Buffer.from(JSON.stringify(value)), "r.json"));
}

describe("a receipt that is read", () => {
  it("is refused with what is wrong with it", async () => {
    const good = await receiptOfPush();
    expect(parsed(good)).toEqual(good);
    const [first] = good.artifacts;
    for (const [changed, reason] of [
      [{ ...good, approvedBy: "x" }, /made by a newer dray: field "approvedBy" is not known/],
      [{ ...good, receiptVersion: 2 }, /made by a newer dray: receiptVersion is 2, and 1 is known/],
      [{ ...good, finished: "yesterday" }, /finished: expected a time/],
      [{ ...good, artifacts: [{ ...first, digest: "sha256:00" }] }, /artifacts, item 1, digest: /],
      [
        { ...good, artifacts: [{ ...first, tag: "a b" }] },
        /artifacts, item 1, tag: expected a tag/,
      ],
      [{ ...good, artifacts: undefined }, /artifacts: expected a list/],
      [[], /document: expected a table of keys and values/],
    ] as const) {
      const error = parsed(changed);
      expect(error).toMatchObject({ code: "DRAY_RECEIPT_INVALID", kind: "usage" });
      expect(error).toMatchObject({ message: expect.stringMatching(reason) as string });
    }
  });

  it("has the schema that schema/receipt.schema.json says", async () => {
    const file = new URL("../../schema/receipt.schema.json", import.meta.url);
    const expected: unknown = JSON.parse(JSON.stringify(receiptJsonSchema()));
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(expected);
  });
});
