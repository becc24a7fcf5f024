import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flipBody, hangUp, refuse } from "../../fixtures/faults.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import type { Denial, TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { mirrorRule, type MirrorRule } from "../../src/intake/mirrors/mirror-rule.ts";
import type { PackResult } from "../../src/stories/pack.ts";
import { dray } from "../cli/terminal.ts";
import { fill, listening, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, type PackChanges } from "./lab.ts";

/** An origin and its mirror, whose repositories lie below `hub`. */
interface Pair {
  readonly origin: TestRegistry;
  readonly mirror: TestRegistry;
  readonly rule: MirrorRule;
}

async function pair({ only = false } = {}): Promise<Pair> {
  const [origin, mirror] = [await startRegistry(), await startRegistry()];
  const image = oneLayerImage("mirrored");
  await fill(origin, image);
  await fill(mirror, image, "hub/team/app:1.0");
  const rule = mirrorRule({ from: origin.host, to: [`${mirror.host}/hub`], only });
  return { origin, mirror, rule };
}

const DENIAL: Denial = { status: 401, headers: { "WWW-Authenticate": 'Basic realm="x"' } };

async function pack(
  { origin, rule }: Pair,
  changes: PackChanges = {},
): Promise<{ result: PackResult; said: string[] }> {
  const { events, onEvent } = listening();
  const result = await packImages(await desk(origin), ["team/app:1.0"], {
    mirrors: [rule],
    onEvent,
    ...changes,
  });
  const said = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  return { result, said };
}

describe("pack() with a mirror", () => {
  it("takes all content from there, keeps the names, and says where it came from", async () => {
    const pairOf = await pair({ only: true });
    const { result, said } = await pack(pairOf);
    const [item] = result.plan.contents;
    expect(item).toMatchObject({
      reference: `${pairOf.origin.host}/team/app:1.0`,
      mirror: `${pairOf.mirror.host}/hub/team/app`,
    });
    expect(result.manifest?.artifacts[0]?.reference).toBe(`${pairOf.origin.host}/team/app:1.0`);
    expect([pairOf.origin.seen, said]).toEqual([[], []]);
  });

  it("asks the origin what it has under the tag, and nothing else", async () => {
    const pairOf = await pair();
    const { result } = await pack(pairOf);
    expect(result.plan.findings.map(({ code }) => code)).not.toContain("MIRROR_DIFFERS");
    expect(pairOf.origin.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /v2/",
      "HEAD /v2/team/app/manifests/1.0",
    ]);
  });

  it("says that the tag stands for something else there", async () => {
    const pairOf = await pair();
    const newer = await fill(pairOf.origin, oneLayerImage("newer"));
    const { result } = await pack(pairOf);
    const finding = result.plan.findings.find(({ code }) => code === "MIRROR_DIFFERS");
    expect(finding).toMatchObject({ severity: "warning", wanted: newer.digest });
    expect(finding?.found).toBe(result.plan.contents[0]?.digest);
  });

  it("goes on at the origin, with a word, where the mirror has nothing", async () => {
    const pairOf = await pair();
    const rule = mirrorRule({
      from: pairOf.origin.host,
      to: [`${pairOf.mirror.host}/other`],
      only: false,
    });
    const { result, said } = await pack({ ...pairOf, rule });
    expect(result.plan.contents[0]).not.toHaveProperty("mirror");
    expect(said).toEqual([
      expect.stringMatching(/Cannot find other\/team\/app:1\.0 .* going on at .*\/team\/app:1\.0$/),
    ]);
  });

  it.each([
    ["hangs up", hangUp],
    ["is out of order", refuse(503, "UNAVAILABLE")],
    ["asks for too much patience", refuse(429, "TOOMANYREQUESTS")],
  ])("goes on at the origin where the mirror %s, and asks it no more", async (_how, fault) => {
    const pairOf = await pair();
    pairOf.mirror.inject({}, fault);
    await fill(pairOf.origin, oneLayerImage("second"), "team/app:2.0");
    const { events, onEvent } = listening();
    await packImages(await desk(pairOf.origin), ["team/app:1.0", "team/app:2.0"], {
      mirrors: [pairOf.rule],
      onEvent,
    });
    const warnings = events.filter(({ type }) => type === "warning");
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(warnings)).toContain("is not asked again");
  });

  it("goes on in the middle of a blob, and where a blob is damaged", async () => {
    for (const fault of [flipBody, hangUp]) {
      const pairOf = await pair();
      pairOf.mirror.inject({ method: "GET", path: /\/blobs\// }, fault);
      const { result, said } = await pack(pairOf);
      expect(result.written?.bundleDigest).toMatch(/^sha256:/);
      expect(said.length).toBeGreaterThan(0);
      expect(pairOf.origin.requests("GET", /\/blobs\//).length).toBeGreaterThan(0);
    }
  });

  it("believes no manifest of a mirror that is not what it was named for", async () => {
    const pairOf = await pair();
    pairOf.mirror.inject({ method: "GET", path: /\/manifests\// }, flipBody);
    const { result } = await pack(pairOf);
    expect(result.written?.bundleDigest).toMatch(/^sha256:/);
    expect(pairOf.origin.requests("GET", /\/manifests\//)).toHaveLength(1);
  });

  it("says what failed and what was asked, where nobody has it", async () => {
    const pairOf = await pair();
    const packing = packImages(await desk(pairOf.origin), ["team/none:1"], {
      mirrors: [pairOf.rule],
    });
    await expect(packing).rejects.toMatchObject({
      code: "DRAY_REGISTRY_NOT_FOUND",
      message: expect.stringContaining(`from ${pairOf.mirror.host}/hub/team/none:1 either)`),
    });
  });

  it("gives each registry its own login", async () => {
    const pairOf = await pair();
    const asked: string[] = [];
    pairOf.mirror.door = (request) =>
      request.headers.authorization === `Basic ${btoa("mirror:pw")}` ? undefined : DENIAL;
    const { mirror, origin } = pairOf;
    const { result } = await pack(pairOf, {
      registry: {
        credentials: async (registry) => {
          asked.push(registry);
          return registry === mirror.host
            ? { kind: "password", username: "mirror", password: "pw" }
            : undefined;
        },
      },
    });
    expect(result.plan.contents[0]?.mirror).toBe(`${mirror.host}/hub/team/app`);
    expect([...new Set(asked)]).toEqual([mirror.host]);
    expect(origin.seen.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
  });

  it("packs the same bundle as without one", async () => {
    const pairOf = await pair();
    const image = makeImage([makeLayer("shared", 4096)]);
    await fill(pairOf.origin, image, "team/two:1");
    await fill(pairOf.mirror, image, "hub/team/two:1");
    const names = ["team/app:1.0", "team/two:1"];
    const plain = await packImages(await desk(pairOf.origin), names);
    const mirrored = await packImages(await desk(pairOf.origin), names, { mirrors: [pairOf.rule] });
    expect(mirrored.written?.bundleDigest).toBe(plain.written?.bundleDigest);
  });
});

describe("dray pack", () => {
  it("takes mirrors from the command line, the recipe and a registries.conf, in this order", async () => {
    const { origin, mirror } = await pair();
    const directory = await temporaryDirectory();
    const recipe = join(directory, "bundle.yaml");
    const conf = join(directory, "registries.conf");
    await writeFile(
      recipe,
      `images: ["${origin.host}/team/app:1.0"]\nmirrors:\n  - from: ${origin.host}\n    to: 127.0.0.1:1/recipe\n`,
    );
    await writeFile(
      conf,
      `[[registry]]\nlocation = "${origin.host}"\nmirror = [{location = "${mirror.host}/hub"}]\n`,
    );
    const flags = ["--mirror", `${origin.host}=127.0.0.1:1/flag`, "--registries-conf", conf];
    const argv = ["pack", recipe, "--dry-run", "--store", join(directory, "store"), ...flags];
    const { code, stdout, stderr } = await dray(argv);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining(
        `Not from where their names say:\n  ${origin.host}/team/app:1.0  from ${mirror.host}/hub/team/app\n`,
      ),
    ]);
    expect(stderr).toContain(`127.0.0.1:1 is not asked again`);
  });

  it("says where in the recipe a mirror is wrong: 2", async () => {
    const recipe = join(await temporaryDirectory(), "bundle.yaml");
    await writeFile(recipe, `images: [alpine]\nmirrors:\n  - {from: docker.io, to: library/x}\n`);
    const { code, stderr } = await dray(["pack", recipe, "--dry-run"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("line 3")]);
  });

  it("gives a login to no mirror that it was not typed for: 2", async () => {
    const { origin, mirror } = await pair();
    const flags = ["--username", "me", "--password-stdin", "--dry-run", "--mirror"];
    const image = ["--image", `${origin.host}/team/app:1.0`];
    const argv = ["pack", ...image, ...flags, `${origin.host}=${mirror.host}/hub`];
    const { code, stderr } = await dray(argv, { stdin: "secret" });
    expect([code, stderr]).toEqual([2, expect.stringContaining("names 2 registries")]);
    expect(mirror.seen).toEqual([]);
  });
});
