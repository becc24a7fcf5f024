import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packedChart } from "../../fixtures/charts.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { dray, type Outcome } from "./terminal.ts";

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: main, image: "${image}"}\n`;

async function startFilled(): Promise<TestRegistry> {
  const registry = await startRegistry();
  for (const name of ["web", "cache", "extra"]) {
    await fill(registry, oneLayerImage(name), `shop/${name}:1`);
  }
  return registry;
}

/** Says what packing a chart would do whose images are at `registry`. */
async function dryRun(
  { host }: TestRegistry,
  flags: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const directory = await temporaryDirectory();
  const chart = join(directory, "shop.tgz");
  const texts = {
    "values.yaml": "cache: {enabled: false}\n",
    "templates/web.yaml": pod("{{ .Values.host }}/shop/web:1"),
    "templates/cache.yaml": `{{ if .Values.cache.enabled }}\n${pod("{{ .Values.host }}/shop/cache:1")}{{ end }}`,
    ...more,
  };
  await writeFile(chart, packedChart(texts));
  const store = join(directory, "store");
  const charts = ["--chart", chart, "--set", `host=${host}`];
  return dray(["pack", ...charts, ...flags, "--store", store, "--dry-run"]);
}

describe("dray pack --chart", () => {
  it("shows what the chart adds to the list, what it lacks and what it leaves out", async () => {
    const registry = await startFilled();
    const { host } = registry;
    const { code, stdout } = await dryRun(registry, ["--image", `${host}/shop/extra:1`]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      [
        "Packed because charts need them, and not listed:",
        `  needed  ${host}/shop/web:1  Pod/web, container main`,
        "",
        "Listed, and not found in the charts by dray:",
        `  ${host}/shop/extra:1`,
        "",
        "In demo 1.0.0, and not packed:",
        `  optional  ${host}/shop/cache:1  cache.enabled=true`,
        "",
        "Dry run: nothing was written.",
      ].join("\n"),
    );
  });

  it("packs all or none of its images when told so", async () => {
    const registry = await startFilled();
    const all = await dryRun(registry, ["--chart-images", "discover"]);
    expect(all.stdout).toMatch(/^image {2}\S+\/shop\/cache:1 /m);
    const none = await dryRun(registry, ["--chart-images", "none"]);
    expect(none.stdout).not.toMatch(/^image /m);
  });

  it("says loudly that a needed image may be missing, or fails with --strict-images: 3", async () => {
    const registry = await startFilled();
    const odd = { "templates/odd.yaml": pod('{{ required "an odd image" .Values.odd }}') };
    const { code, stdout, stderr } = await dryRun(registry, [], odd);
    expect(code).toBe(0);
    expect(stdout).toContain("NOT COMPLETE: needed images of demo 1.0.0 may be missing");
    expect(stderr).toContain("an odd image");
    expect(stderr).toContain("Warning: needed images of demo 1.0.0 may have been missed");
    const strict = await dryRun(registry, ["--strict-images"], odd);
    expect([strict.code, strict.stderr]).toEqual([3, expect.stringContaining("an odd image")]);
  });
});
