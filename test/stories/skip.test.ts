import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chartYaml, packedChart } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { parseChart } from "../../src/intake/recipe/chart-request.ts";
import { formatLock, parseLock } from "../../src/intake/recipe/lock.ts";
import { parseSkip } from "../../src/intake/recipe/skip.ts";
import { check, type CheckReport } from "../../src/stories/check.ts";
import type { PackResult } from "../../src/stories/pack.ts";
import { inspect } from "../../src/stories/inspect.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { refusal } from "../refusal.ts";
import { desk, packImages, TRUST, type Desk } from "./lab.ts";

const DATABASE =
  "apiVersion: db.example.org/v1\nkind: Database\nmetadata: {name: orders}\nspec: {size: 3}\n";

async function chartOf(texts: Readonly<Record<string, string>>): Promise<string> {
  const path = join(await temporaryDirectory(), "shop-1.0.0.tgz");
  const all = { "Chart.yaml": chartYaml("shop"), ...texts };
  await writeFile(path, packedChart(all, { name: "shop" }));
  return path;
}

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, image: "${image}"}\n`;

/** A registry with `team/app:1` and a chart that needs it, one that is gone, and a database. */
async function shop(): Promise<{ at: Desk; chart: string; gone: string }> {
  const registry = await startRegistry();
  await fill(registry, oneLayerImage("app"), "team/app:1");
  const gone = `${registry.host}/team/gone:1`;
  const chart = await chartOf({
    "templates/a.yaml": pod(`${registry.host}/team/app:1`),
    "templates/b.yaml": pod(gone),
  });
  return { at: await desk(registry), chart, gone };
}

function packChart(
  at: Desk,
  chart: string,
  { skip = [], images = [], strict = false }: PackWishes = {},
): Promise<PackResult> {
  const request = { ...parseChart(chart), images: "needed" } as const;
  const recipe = { charts: [request], skip: skip.map(parseSkip) };
  return packImages(at, images, { recipe, strictImages: strict });
}

interface PackWishes {
  readonly skip?: readonly string[];
  readonly images?: readonly string[];
  readonly strict?: boolean;
}

async function checked({ output }: Desk): Promise<CheckReport> {
  return check({ path: output, trust: TRUST }, { workDirectory: await temporaryDirectory() });
}

describe("an image that is not there", () => {
  it("fails the pack in words that say how to leave it out", async () => {
    const { at, chart } = await shop();
    const { hint } = await refusal(() => packChart(at, chart));
    expect(hint).toContain("--skip IMAGE=REASON");
  });

  it("is left out with a reason that travels, is in the lock, and is told for ever", async () => {
    const { at, chart, gone } = await shop();
    const { plan, manifest } = await packChart(at, chart, { skip: [`${gone}=no longer made`] });
    const skipped = [{ image: gone, needed: true, reason: "no longer made" }];
    expect(manifest?.skipped).toEqual(skipped);
    expect(plan.findings).toMatchObject([{ code: "IMAGE_SKIPPED", severity: "warning" }]);
    const report = await checked(at);
    expect(report).toMatchObject({ good: true, complete: true });
    expect(report.charts).toMatchObject([{ needed: 2, missing: [], skipped: [{ image: gone }] }]);
    expect(report.findings).toMatchObject([{ code: "IMAGE_SKIPPED", severity: "warning" }]);
    const seen = await inspect({ path: at.output, trust: TRUST });
    expect(seen.skipped).toEqual(skipped);
  });

  it("may be one that is listed", async () => {
    const { at, gone } = await shop();
    const result = await packImages(at, ["team/app:1", "team/gone:1"], {
      recipe: { skip: [parseSkip(`${gone}=no longer made`)] },
    });
    expect(result.manifest?.artifacts).toHaveLength(1);
    expect(result.manifest?.skipped).toMatchObject([{ image: gone, needed: false }]);
  });
});

it("a skip that leaves nothing out is said", async () => {
  const { at, chart, gone } = await shop();
  const skip = [`${gone}=gone`, "quay.io/other=why", "db.example.org/Database=why"];
  const { plan } = await packChart(at, chart, { skip });
  expect(plan.findings.map(({ code }) => code)).toEqual([
    "IMAGE_SKIPPED",
    "SKIP_UNUSED",
    "SKIP_UNUSED",
  ]);
});

it("what is left out stands in the lock, and is read from there again", () => {
  const skipped = [
    { image: "r.example/a:1", needed: true, reason: "why" },
    { kind: "db.example.org/Database", reason: "ours" },
  ];
  const text = formatLock({ entries: new Map(), charts: new Map(), searches: new Map(), skipped });
  expect(parseLock(Buffer.from(text), "lock").skipped).toEqual(skipped);
});

describe("a chart of custom resources alone", () => {
  it("is refused where nothing may be missed, and is not good on the other side", async () => {
    const at = await desk(await startRegistry());
    const chart = await chartOf({ "templates/db.yaml": DATABASE });
    const { code } = await refusal(() => packChart(at, chart, { strict: true }));
    expect(code).toBe("DRAY_IMAGES_INCOMPLETE");
    await packChart(at, chart);
    expect(await checked(at)).toMatchObject({ good: true, complete: false });
  });

  it("is complete on both sides after a word on the kind", async () => {
    const at = await desk(await startRegistry());
    const chart = await chartOf({ "templates/db.yaml": DATABASE });
    const skip = ["db.example.org/Database=the operator is there"];
    const { plan } = await packChart(at, chart, { strict: true, skip });
    expect(plan.charts).toMatchObject([{ complete: true }]);
    expect(await checked(at)).toMatchObject({ good: true, complete: true });
  });

  it("is complete on both sides where an image is listed that no chart speaks of", async () => {
    const { at } = await shop();
    const chart = await chartOf({ "templates/db.yaml": DATABASE });
    const { manifest } = await packChart(at, chart, { strict: true, images: ["team/app:1"] });
    expect(manifest?.skipped).toMatchObject([{ kind: "db.example.org/Database" }]);
    expect(await checked(at)).toMatchObject({ good: true, complete: true });
  });
});
