import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stayMute, stopTakingAfter } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, type MadeImage } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { verify } from "../../src/stories/verify.ts";
import { fill, repositoryOf, startRegistry } from "../remote/registry/lab.ts";
import { startDray, type DrayOutcome } from "./dray-process.ts";
import { blobBytesSent, bytesReceived, desk, filesBelow, packImages } from "./lab.ts";

const MIB = 1024 * 1024;

/** After how many requests of a run it is killed: while it asks, and while blobs move. */
const MOMENTS = [3, 13, 15, 16, 17, 18];

/** Configs are read again to know what an image needs, until they are whole in the store. */
const CONFIG_BYTES = 4 * 400;

function sharedImages(): Record<string, MadeImage> {
  const base = makeLayer("base", 2 * MIB);
  return Object.fromEntries(
    ["a", "b", "c", "d"].map((name) => [
      `team/${name}:1`,
      makeImage([base, makeLayer(name, MIB), makeLayer(`${name}-2`, 300_000)]),
    ]),
  );
}

/** Answers a little late, so that there is a middle to be killed in. */
function slowDown(registry: TestRegistry): void {
  registry.inject({}, ({ proceed }) => void setTimeout(proceed, 15));
}

/** Runs a command and kills it some moment after the registry has heard from it so often. */
async function killedAfter(
  requests: number,
  registry: TestRegistry,
  argv: readonly string[],
): Promise<DrayOutcome> {
  registry.forget();
  const { child, ended } = startDray(argv);
  const watching = setInterval(() => {
    if (registry.seen.length < requests) return;
    clearInterval(watching);
    setTimeout(() => child.kill("SIGKILL"), Math.random() * 30);
  }, 1);
  const outcome = await ended;
  clearInterval(watching);
  return outcome;
}

/** What the names of the files in a store say about their content must be true. */
async function liesIn(store: string): Promise<string[]> {
  const directory = join(store, "blobs/sha256");
  const lies: string[] = [];
  for (const name of existsSync(directory) ? await readdir(directory) : []) {
    const hash = createHash("sha256").update(await readFile(join(directory, name)));
    if (hash.digest("hex") !== name) lies.push(name);
  }
  return lies;
}

/** Bytes of blobs that a store lacks, with parts of them counted as there. */
async function missingIn(store: string, images: readonly MadeImage[]): Promise<number> {
  const layout = new ImageLayout(store);
  const blobs = new Map(
    images.flatMap(({ blobs: all }) =>
      all.map(({ descriptor }) => [descriptor.digest, descriptor]),
    ),
  );
  const parts = existsSync(join(store, "ingest")) ? await readdir(join(store, "ingest")) : [];
  let missing = 0;
  for (const descriptor of blobs.values()) {
    if (await layout.exists(descriptor)) continue;
    const part = parts.find((name) => name.includes(descriptor.digest.replace("sha256:", "")));
    missing +=
      descriptor.size - (part === undefined ? 0 : statSync(join(store, "ingest", part)).size);
  }
  return missing;
}

/** `repository digest` of every blob and manifest that a registry has taken. */
function taken(registry: TestRegistry): string[] {
  return registry.requests("PUT").flatMap(({ path, status }) => {
    const plain = decodeURIComponent(path);
    const repository = /^\/v2\/(.+?)\/(?:blobs|manifests)\//.exec(plain)?.[1] ?? "";
    const digest = /sha256:[a-f0-9]{64}/.exec(plain)?.[0];
    return status === 201 && digest !== undefined ? [`${repository} ${digest}`] : [];
  });
}

describe("kill -9", () => {
  it("of pack at any moment: the same command finishes and fetches only what is missing", async () => {
    const registry = await startRegistry();
    const images = sharedImages();
    for (const [name, image] of Object.entries(images)) await fill(registry, image, name);
    const { store, output, directory } = await desk(registry);
    const argv = [
      "pack",
      ...Object.keys(images).flatMap((name) => ["--image", `${registry.host}/${name}`]),
      "--unsigned",
      "--store",
      store,
      "--output",
      output,
    ];
    slowDown(registry);
    let kills = 0;
    for (const moment of MOMENTS) {
      const { signal } = await killedAfter(moment, registry, argv);
      if (signal === "SIGKILL") kills += 1;
      expect(await liesIn(store)).toEqual([]);
      if (existsSync(output)) break;
    }
    expect(kills).toBeGreaterThanOrEqual(3);
    const missing = await missingIn(store, Object.values(images));
    registry.mend();
    registry.forget();
    const finished = await startDray([...argv, "--force"]).ended;
    expect(finished).toMatchObject({ code: 0 });
    expect(blobBytesSent(registry)).toBeLessThanOrEqual(missing + CONFIG_BYTES);
    expect(await filesBelow(directory)).toEqual(["bundle.tar.gz", "bundle.tar.gz.sha256"]);
    const report = await verify(
      { path: output, trust: { keys: [], allowUnsigned: true } },
      { workDirectory: await temporaryDirectory() },
    );
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("of push amid a blob: the same command sends the rest of it", async () => {
    const source = await startRegistry();
    const image = makeImage([makeLayer("half", 12 * MIB)]);
    await fill(source, image);
    const at = await desk(source);
    await packImages(at, ["team/app:1.0"]);
    const target = await startRegistry();
    target.inject({ method: "PUT", path: /uploads/ }, stopTakingAfter(8 * MIB));
    const argv = ["push", at.output, target.host, "--allow-unsigned"];
    const env = { XDG_STATE_HOME: join(at.directory, "state") };
    const { child, ended } = startDray(argv, env);
    await expect.poll(() => bytesReceived(target)).toBeGreaterThanOrEqual(8 * MIB);
    child.kill("SIGKILL");
    await ended;
    target.mend();
    target.forget();
    expect(await startDray(argv, env).ended).toMatchObject({ code: 0 });
    expect(bytesReceived(target)).toBeLessThan(5 * MIB);
    expect(target.requests("GET", /uploads/).map(({ status }) => status)).toContain(204);
    expect(await repositoryOf(target).resolve("1.0")).toEqual(image.root.descriptor);
    expect(await filesBelow(join(at.directory, "state"))).toEqual([]);
  });

  it("of push at any moment: the same command finishes and sends only what is missing", async () => {
    const source = await startRegistry();
    const images = sharedImages();
    for (const [name, image] of Object.entries(images)) await fill(source, image, name);
    const at = await desk(source);
    await packImages(at, Object.keys(images));
    const target = await startRegistry();
    const receipt = join(at.directory, "receipt.json");
    const argv = ["push", at.output, target.host, "--allow-unsigned", "--receipt", receipt];
    slowDown(target);
    let kills = 0;
    const stored: string[] = [];
    for (const moment of MOMENTS.map((one) => one * 2)) {
      const { signal } = await killedAfter(moment, target, argv);
      if (signal === "SIGKILL") kills += 1;
      stored.push(...taken(target));
    }
    expect(kills).toBeGreaterThanOrEqual(4);
    expect(new Set(stored).size).toBe(stored.length);
    target.mend();
    target.forget();
    const finished = await startDray(argv).ended;
    expect(finished).toMatchObject({ code: 0 });
    expect(taken(target).filter((one) => stored.includes(one))).toEqual([]);
    for (const [name, image] of Object.entries(images)) {
      const [repository = "", tag = ""] = name.split(":");
      const found = await repositoryOf(target, { name: repository }).resolve(tag);
      expect(found).toEqual(image.root.descriptor);
    }
    const document = JSON.parse(await readFile(receipt, "utf8")) as { artifacts: object[] };
    expect(document.artifacts).toHaveLength(4);
    target.forget();
    expect(await startDray(argv).ended).toMatchObject({ code: 0 });
    expect(bytesReceived(target)).toBe(0);
  });
});

describe("an interrupt", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "by %s ends pack with 130, though the registry is silent, and leaves no bundle, no part of one and no process",
    async (signal) => {
      const registry = await startRegistry();
      await fill(registry, makeImage([makeLayer("held", MIB)]));
      registry.inject({ path: /\/blobs\// }, stayMute);
      const { store, output, directory } = await desk(registry);
      const image = `${registry.host}/team/app:1.0`;
      const { child, ended } = startDray([
        "pack",
        "--image",
        image,
        "--unsigned",
        "--store",
        store,
        "--output",
        output,
      ]);
      await expect.poll(() => registry.requests("GET", /\/blobs\//).length).toBeGreaterThan(0);
      child.kill(signal);
      expect(await ended).toMatchObject({
        code: 130,
        stderr: expect.stringContaining("The same command begins where this one did") as string,
      });
      expect(await filesBelow(directory)).toEqual([]);
    },
  );

  it("ends pack at once while it waits for a registry that is down, and says so", async () => {
    const registry = await startRegistry();
    await registry.stop();
    const { store, output } = await desk(registry);
    const image = `${registry.host}/team/app:1.0`;
    const argv = ["pack", "--image", image, "--unsigned", "--store", store, "--output", output];
    // Were it waited out, the test would end before it is.
    const { child, ended } = startDray([...argv, "--retry-for", "1h"]);
    child.stderr?.once("data", () => child.kill("SIGINT"));
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("ECONNREFUSED");
    expect(stderr).toMatch(/trying again in .* s, for 60 min in all/);
    expect(stderr.match(/trying again/g)).toHaveLength(1);
  });

  it("of push ends with 130, and the sessions at the registry are given back", async () => {
    const source = await startRegistry();
    await fill(source, makeImage([makeLayer("held", MIB)]));
    const at = await desk(source);
    await packImages(at, ["team/app:1.0"]);
    const target = await startRegistry();
    target.inject({ method: "PUT" }, ({ request }) => void request.pause());
    const { child, ended } = startDray(["push", at.output, target.host, "--allow-unsigned"]);
    // Both blobs are under way then: no session is still being opened.
    await expect.poll(() => target.requests("PUT").length).toBe(2);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130 });
    expect(target.requests("DELETE").map(({ status }) => status)).toEqual([204, 204]);
  });
});
