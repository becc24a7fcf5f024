import { describe, expect, it } from "vitest";
import { parseDigest } from "../../src/oci/digest.ts";
import type { ChartTexts } from "../../fixtures/charts.ts";
import { perPartChart } from "../../fixtures/umbrella-charts.ts";
import { linesOf, repointTexts, TARGET } from "./repointing.ts";

const HEX = "a".repeat(64);
const DIGEST = parseDigest(`sha256:${HEX}`);
const OTHER = parseDigest(`sha256:${"b".repeat(64)}`);
const pins = { "quay.io/acme/web:1.0": DIGEST };

function pod(image: string, { name = "main", more = "" } = {}): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  containers:
  - name: main
    image: ${image}
${more}`;
}

/** Templates of charts, and the values that fix the digest of the one image. */
const PINNED: Readonly<Record<string, readonly [ChartTexts, readonly string[]]>> = {
  "a key for the digest": [
    {
      "values.yaml": "image: {repository: quay.io/acme/web, tag: '1.0', digest: ''}\n",
      "templates/a.yaml": pod(
        '"{{ .Values.image.repository }}:{{ .Values.image.tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}"',
      ),
    },
    ["image:", `  digest: ${DIGEST}`, `  repository: ${TARGET}/acme/web`],
  ],
  "a key for its hexadecimal part, that no values file has": [
    {
      "values.yaml": "image: {repository: quay.io/acme/web, tag: '1.0'}\n",
      "templates/a.yaml": pod(
        '"{{ .Values.image.repository }}:{{ .Values.image.tag }}{{ if .Values.image.sha }}@sha256:{{ .Values.image.sha }}{{ end }}"',
      ),
    },
    ["image:", `  repository: ${TARGET}/acme/web`, `  sha: ${HEX}`],
  ],
  "a tag that takes it": [
    {
      "values.yaml": "image: {repository: quay.io/acme/web, tag: '1.0'}\n",
      "templates/a.yaml": pod('"{{ .Values.image.repository }}:{{ .Values.image.tag }}"'),
    },
    ["image:", `  repository: ${TARGET}/acme/web`, `  tag: 1.0@${DIGEST}`],
  ],
  "a tag that is the version of the chart's application unless set": [
    {
      "Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\nappVersion: '1.0'\n",
      "values.yaml": "image: {repository: quay.io/acme/web, tag: ''}\n",
      "templates/a.yaml": pod(
        '"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"',
      ),
    },
    ["image:", `  repository: ${TARGET}/acme/web`, `  tag: 1.0@${DIGEST}`],
  ],
  "one text": [
    {
      "values.yaml": "web: {image: 'quay.io/acme/web:1.0'}\n",
      "templates/a.yaml": pod("{{ .Values.web.image }}"),
    },
    ["web:", `  image: ${TARGET}/acme/web:1.0@${DIGEST}`],
  ],
  "a tag that only an argument is made of": [
    {
      "values.yaml":
        "image: {registry: quay.io, parts: {side: {repository: acme/web, tag: '1.0'}}}\n",
      "templates/a.yaml": pod(`${TARGET}/acme/main:2.0`, {
        more: '    args: [--side-image, "{{ .Values.image.registry }}/{{ .Values.image.parts.side.repository }}:{{ .Values.image.parts.side.tag }}"]\n',
      }),
    },
    ["image:", "  parts:", "    side:", `      tag: 1.0@${DIGEST}`, `  registry: ${TARGET}`],
  ],
  "an argument in a list": [
    {
      "values.yaml": "args: [--verbose, --image=quay.io/acme/web:1.0]\n",
      "templates/a.yaml": pod(`${TARGET}/acme/main:2.0`, {
        more: "    args: {{ toYaml .Values.args | nindent 4 }}\n",
      }),
    },
    ["args:", "  - --verbose", `  - --image=${TARGET}/acme/web:1.0@${DIGEST}`],
  ],
};

describe("a digest is fixed by", () => {
  it.each(Object.entries(PINNED))("%s", async (_name, [texts, values]) => {
    const found = await repointTexts(texts, { pins });
    expect(linesOf(found)).toEqual(values);
    const image = found.images.find((one) => one.image === "quay.io/acme/web:1.0");
    expect(image).toMatchObject({ moved: true, now: `${TARGET}/acme/web:1.0@${DIGEST}` });
  });
});

describe("repointChart() with digests", () => {
  it("leaves an image by its tag where another shares the only key", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "registry: quay.io\ntag: '1.0'\n",
        "templates/a.yaml": pod('"{{ .Values.registry }}/acme/web:{{ .Values.tag }}"'),
        "templates/b.yaml": pod('"{{ .Values.registry }}/acme/db:{{ .Values.tag }}"', {
          name: "db",
        }),
      },
      { pins: { ...pins, "quay.io/acme/db:1.0": OTHER } },
    );
    expect(linesOf(found)).toEqual([`registry: ${TARGET}`]);
    expect(found.images).toMatchObject([
      { moved: true, now: `${TARGET}/acme/db:1.0` },
      { moved: true, now: `${TARGET}/acme/web:1.0` },
    ]);
  });

  it("leaves an image by its tag where the chart makes something else of it too", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "image: {repository: quay.io/acme/web, tag: '1.0'}\n",
        "templates/a.yaml": `{{ if contains "@" .Values.image.tag }}{{ fail "no label" }}{{ end }}${pod('"{{ .Values.image.repository }}:{{ .Values.image.tag }}"')}`,
      },
      { pins },
    );
    expect(linesOf(found)).toEqual(["image:", `  repository: ${TARGET}/acme/web`]);
  });

  it("clears the digest of the one image that is pinned, in a part that is switched off", async () => {
    const image = `mcr.microsoft.com/presidio-analyzer:2.2.0@${OTHER}`;
    const found = await repointTexts(perPartChart(OTHER), { pins: { [image]: undefined } });
    expect(linesOf(found).join("\n")).toContain(
      `      image:\n        digest: ""\n        registry: ${TARGET}`,
    );
    expect(found.images).toContainEqual(
      expect.objectContaining({ image, moved: true, now: `${TARGET}/presidio-analyzer:2.2.0` }),
    );
    expect(found.text).toContain(`# clears the digest of ${image}`);
  });

  it("clears it in a text", async () => {
    const image = `quay.io/acme/web:1.0@${DIGEST}`;
    const found = await repointTexts(
      {
        "values.yaml": `web: {image: '${image}'}\n`,
        "templates/a.yaml": pod("{{ .Values.web.image }}"),
      },
      { pins: { [image]: undefined } },
    );
    expect(linesOf(found)).toEqual(["web:", `  image: ${TARGET}/acme/web:1.0`]);
  });
});
