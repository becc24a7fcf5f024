import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { chartFileMap, packedChart, subchart } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { DrayError, findImages, type Discovery } from "../../src/discover/index.ts";

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nspec:\n  containers: [{name: c, image: ${image}}]\n`;

const TEXTS = {
  "values.yaml": "tag: 1\nsidecar: {enabled: false}\n",
  "templates/pod.yaml": pod('"r.example/app:{{ .Values.tag }}"'),
  "templates/sidecar.yaml": `{{ if .Values.sidecar.enabled }}\n${pod("r.example/sidecar:1")}{{ end }}`,
  ...subchart("inner", { "templates/pod.yaml": pod("r.example/inner:1") }),
};

function classes({ images }: Discovery): string[] {
  return images.map((one) => `${one.class} ${one.image}`);
}

const FOUND = [
  "needed r.example/app:1",
  "needed r.example/inner:1",
  "optional r.example/sidecar:1",
];

describe("findImages()", () => {
  it("reads the directory of a chart and a packed one", async () => {
    const directory = await temporaryDirectory();
    for (const [path, bytes] of chartFileMap(TEXTS)) {
      const file = join(directory, "demo", path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
    const packed = join(directory, "demo-1.0.0.tgz");
    await writeFile(packed, packedChart(TEXTS));
    for (const chart of [join(directory, "demo"), packed]) {
      const discovery = await findImages({ chart });
      expect(classes(discovery)).toEqual(FOUND);
      expect(discovery).toMatchObject({ complete: true, chart: { name: "demo" } });
    }
  });

  it("reads what is in memory: a packed chart, or files by path", async () => {
    const packed = new Uint8Array(packedChart(TEXTS));
    const files = [...chartFileMap(TEXTS)].map(
      ([path, bytes]) => [path, new Uint8Array(bytes)] as const,
    );
    for (const chart of [packed, new Map(files)]) {
      expect(classes(await findImages({ chart }))).toEqual(FOUND);
    }
  });

  it("joins the images of several sets of values", async () => {
    const values = join(await temporaryDirectory(), "values.yaml");
    await writeFile(values, "tag: 2\n");
    const valueSets = [
      { files: [values], setString: ["tag=3"] },
      { set: ["sidecar.enabled=true"] },
    ];
    expect(classes(await findImages({ chart: packedChart(TEXTS), valueSets }))).toEqual([
      "needed r.example/app:1",
      "needed r.example/app:3",
      "needed r.example/inner:1",
      "needed r.example/sidecar:1",
    ]);
  });

  it("says of a chart in memory that it was no file", async () => {
    const error: unknown = await findImages({ chart: new Map() }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(DrayError);
    expect(error).toMatchObject({
      code: "DRAY_CHART_INVALID",
      message: "Cannot read chart in memory: it has no Chart.yaml",
    });
  });
});
