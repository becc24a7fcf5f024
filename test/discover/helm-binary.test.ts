import { chmod, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { makeChartOf, subchart } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";
import { defaults } from "../../src/defaults.ts";

async function helmOr(context: TestContext): Promise<string> {
  return (await defaults().helm()) ?? context.skip("needs helm");
}

/** A program in place of Helm. */
async function programOf(script: string): Promise<string> {
  const path = join(await temporaryDirectory(), "helm");
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o700);
  return path;
}

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: "${image}"}]}\n`;

describe("a helm program", () => {
  it("shows what this evaluator cannot, and settles what it left open", async () => {
    const helm = await programOf(
      `printf '%s\\n' '---' '# Source: demo/templates/a.yaml' 'kind: Pod' 'spec: {containers: [{name: a, image: "x/a:2"}]}'`,
    );
    const chart = await makeChartOf({ "templates/a.yaml": pod("{{ nope }}") });
    const { images, complete } = await discoverImages(chart, { helm });
    expect(images.map(({ image, class: kind }) => `${kind} ${image}`)).toEqual([
      "needed docker.io/x/a:2",
    ]);
    expect(images[0]?.evidence[0]).toMatchObject({ source: "helm", file: "templates/a.yaml" });
    expect(complete).toBe(true);
  });

  it("that fails is shown and leaves the result incomplete", async () => {
    const helm = await programOf('echo "Error: chart says no" >&2; exit 1');
    const { images, complete, unknowns } = await discoverImages(
      await makeChartOf({ "templates/a.yaml": pod("x/a:1") }),
      { helm },
    );
    expect(images).toHaveLength(1);
    expect(complete).toBe(false);
    expect(unknowns[0]?.message).toBe(`Cannot render with ${JSON.stringify(helm)}: chart says no`);
  });

  it("that does not end by itself is an error, and no result with fewer images", async () => {
    const helm = await programOf("kill -KILL $$");
    const chart = await makeChartOf({ "templates/a.yaml": pod("x/a:1") });
    await expect(discoverImages(chart, { helm })).rejects.toMatchObject({
      code: "DRAY_HELM_KILLED",
      message: expect.stringContaining("SIGKILL ended it") as string,
    });
  });

  it("that is not there is shown too", async () => {
    const { unknowns } = await discoverImages(await makeChartOf({}), { helm: "/nowhere/helm" });
    expect(unknowns[0]?.code).toBe("HELM_FAILED");
  });

  it("finds no home, no path and no credentials, and leaves nothing behind", async () => {
    const out = join(await temporaryDirectory(), "env");
    const helm = await programOf(`/usr/bin/env > ${out}`);
    await discoverImages(await makeChartOf({}), { helm });
    const { readFile } = await import("node:fs/promises");
    const lines = (await readFile(out, "utf8")).split("\n");
    expect(lines.find((line) => line.startsWith("HOME="))).toContain(join(tmpdir(), "dray-helm-"));
    expect(lines.some((line) => line.startsWith("HTTPS_PROXY=http://127.0.0.1:9"))).toBe(true);
    expect(lines.some((line) => /TOKEN|SECRET|npm_/.test(line))).toBe(false);
    const home = lines.find((line) => line.startsWith("HOME="))?.slice(5) ?? "";
    expect(await readdir(tmpdir())).not.toContain(home.slice(tmpdir().length + 1));
  });

  it("agrees with the evaluation here, also with a setting turned", async (context) => {
    const helm = await helmOr(context);
    const chart = await makeChartOf({
      "values.yaml": "a: {enabled: false}\nsub: {image: y/b}\n",
      "templates/a.yaml": `{{ if .Values.a.enabled }}\n${pod("x/a:1")}{{ end }}`,
      ...subchart("sub", {
        "templates/b.yaml": pod("{{ .Values.image }}:{{ .Chart.AppVersion }}"),
      }),
    });
    const { images, unknowns } = await discoverImages(chart, { helm });
    expect(images.map(({ image, class: kind }) => `${kind} ${image}`)).toEqual([
      "needed docker.io/y/b:1.2.3",
      "optional docker.io/x/a:1",
    ]);
    expect(images.map(({ evidence }) => evidence.some(({ source }) => source === "helm"))).toEqual([
      true,
      true,
    ]);
    expect(unknowns).toEqual([]);
  });
});
