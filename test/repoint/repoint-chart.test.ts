import { describe, expect, it } from "vitest";
import { globalChart, perPartChart } from "../../fixtures/umbrella-charts.ts";
import { imagesWith, linesOf, repointTexts, TARGET } from "./repointing.ts";

const DIGEST = `sha256:${"d".repeat(64)}`;

function pod(image: string, name = "main"): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers:\n  - {name: main, image: ${image}}\n`;
}

/** A pod that is switched on, with an image from a registry of its own. */
function partOf(name: string): string {
  return `{{ if .Values.${name}.enabled }}${pod(`{{ .Values.${name}.init.registry }}/acme/shell:12`, name)}{{ end }}\n---\n`;
}

describe("repointChart()", () => {
  it("takes the global key where it reaches, and the key of the one part that ignores it", async () => {
    const texts = globalChart();
    const found = await repointTexts(texts);
    expect(linesOf(found)).toEqual([
      "global:",
      `  imageRegistry: ${TARGET}`,
      "search:",
      "  search-exporter:",
      "    image:",
      `      repository: ${TARGET}/exporters/search_exporter`,
    ]);
    expect(await imagesWith(texts, found.text)).toEqual([
      `${TARGET}/acme/search:7.6.2`,
      `${TARGET}/acme/server:5.0.0`,
      `${TARGET}/acme/wait:1.0.0`,
      `${TARGET}/exporters/search_exporter:1.1.0`,
    ]);
  });

  it("writes the keys of each part, of those that are switched off too, and keeps a digest", async () => {
    const texts = perPartChart(DIGEST);
    const found = await repointTexts(texts);
    expect(linesOf(found)).toEqual([
      "ai-gateway:",
      "  upstream:",
      "    analyzer:",
      "      image:",
      `        registry: ${TARGET}`,
      "cloud-ui:",
      "  image:",
      `    repository: ${TARGET}/vendor/cloud-ui`,
      "manager:",
      "  operator:",
      `    image: ${TARGET}/vendor/operator:v0.9.0`,
      `    runnerImage: ${TARGET}/vendor/proxyrunner:v0.9.0`,
    ]);
    expect(found.text).toMatch(/turn some of it off; .*\n# replicated:\n# {3}enabled: false\n$/);
    const all = "cloud-ui: {enabled: true}\nai-gateway: {enabled: true}\n";
    expect(await imagesWith(texts, all, found.text)).toEqual([
      `${TARGET}/presidio-analyzer:2.2.0@${DIGEST}`,
      `${TARGET}/vendor/cloud-ui:v1.2.0`,
      `${TARGET}/vendor/operator:v0.9.0`,
      `${TARGET}/vendor/proxyrunner:v0.9.0`,
    ]);
  });

  it("proves with the values written what it has moved in a list of tables", async () => {
    const { images, edits } = await repointTexts({
      "values.yaml":
        "env: [{name: RELATED_IMAGE_DB, value: 'quay.io/acme/db:1'}, {name: LEVEL, value: info}]\n",
      "templates/a.yaml": pod('"quay.io/acme/web:1", env: {{ toJson .Values.env }}'),
    });
    expect(edits.map(({ path }) => path.join("."))).toEqual(["env.0.value"]);
    const moved = images.map(({ image, now, moved: isMoved }) => [image, now, isMoved]);
    expect(moved).toEqual([
      ["quay.io/acme/web:1", "quay.io/acme/web:1", false],
      ["quay.io/acme/db:1", `${TARGET}/acme/db:1`, true],
    ]);
  });

  it("sets what is global in a chart that has nothing global, and a name of its own in its place", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "image: acme/api:1\n",
        "templates/a.yaml": `apiVersion: v1
kind: Pod
metadata: {name: main}
spec:
  {{- with dig "imagePullSecrets" list (.Values.global | default dict) }}
  imagePullSecrets: [{{ range . }}{name: {{ . }}},{{ end }}]
  {{- end }}
  containers:
  - name: main
    image: {{ dig "imageRegistry" "ghcr.io" (.Values.global | default dict) }}/{{ .Values.image }}
`,
      },
      { pullSecret: "pull-here" },
    );
    expect(linesOf(found)).toEqual([
      "global:",
      "  imagePullSecrets:",
      "    - pull-here",
      `  imageRegistry: ${TARGET}`,
    ]);
  });

  it("leaves alone what these values do not pull, where that is asked for", async () => {
    const found = await repointTexts(perPartChart(DIGEST), { neededOnly: true });
    expect(linesOf(found).filter((line) => !line.startsWith(" "))).toEqual(["manager:"]);
  });

  it("says above each value which images it moves", async () => {
    const { text } = await repointTexts(globalChart());
    expect(text).toContain(
      [
        "global:",
        "  # moves quay.io/acme/search:7.6.2",
        "  # moves quay.io/acme/server:5.0.0",
        "  # moves quay.io/acme/wait:1.0.0",
        `  imageRegistry: ${TARGET}`,
      ].join("\n"),
    );
  });

  it("says it of a value that one template reads and another is handed", async () => {
    const { text } = await repointTexts({
      "values.yaml":
        "imageRegistry: quay.io\nimages: {db: {name: acme/db}, job: {name: acme/job}}\n",
      "templates/_image.tpl":
        '{{ define "image" }}{{ $registry := index . 1 | default "" }}{{ $name := (index . 0).name }}' +
        '{{ if $registry }}{{ $name = printf "%s/%s" $registry $name }}{{ end }}{{ $name }}:1.0{{ end }}',
      "templates/a.yaml": pod("{{ .Values.imageRegistry }}/acme/web:1.0"),
      "templates/b.yaml": pod(
        '"{{ template "image" (tuple .Values.images.db .Values.imageRegistry) }}"',
      ),
      "templates/c.yaml": pod(
        '"{{ template "image" (tuple .Values.images.job .Values.imageRegistry) }}"',
      ),
    });
    expect(text).toContain(
      [
        "# moves quay.io/acme/db:1.0",
        "# moves quay.io/acme/job:1.0",
        "# moves quay.io/acme/web:1.0",
        `imageRegistry: ${TARGET}`,
      ].join("\n"),
    );
  });

  it.each([
    ["with a global key", globalChart()],
    ["without one", perPartChart(DIGEST)],
  ])("writes no value that could be left out: %s", async (_name, texts) => {
    const { edits } = await repointTexts(texts);
    const all = "cloud-ui: {enabled: true}\nai-gateway: {enabled: true}\n";
    for (const left of edits) {
      const others = edits.filter((edit) => edit !== left);
      const values = others.map(({ path, value }) =>
        JSON.stringify(path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)),
      );
      const images = await imagesWith(texts, all, ...values);
      expect(images.filter((image) => !image.startsWith(TARGET))).not.toEqual([]);
    }
  });

  it("names an image that no value moves, with the line of the template that prints it", async () => {
    const found = await repointTexts({ "templates/a.yaml": pod("quay.io/acme/fixed:1.0") });
    expect(found.images).toEqual([
      {
        image: "quay.io/acme/fixed:1.0",
        target: `${TARGET}/acme/fixed:1.0`,
        now: "quay.io/acme/fixed:1.0",
        moved: false,
        class: "needed",
        when: [],
        by: [],
        places: [
          { file: "templates/a.yaml", line: 6, object: "Pod/main", where: "container main" },
        ],
        why: "its template names it in full",
      },
    ]);
    expect(linesOf(found)).toEqual(["{}"]);
  });

  it("takes no value that says what the setting says already", async () => {
    const { edits } = await repointTexts({
      "values.yaml": "cloud: {enabled: false, org: nginx}\nimage: {registry: docker.io}\n",
      "templates/a.yaml": pod(
        '"{{ if .Values.cloud.enabled }}{{ .Values.cloud.org }}/nginx{{ else }}{{ .Values.image.registry }}/nginx{{ end }}:1.0"',
      ),
    });
    expect(edits.map(({ path, value }) => [path.join("."), value])).toEqual([
      ["image.registry", `${TARGET}/library`],
      ["cloud.org", `${TARGET}/nginx`],
    ]);
  });

  it("says of an optional image that other values move it, where those that are needed do not", async () => {
    const found = await repointTexts({
      "values.yaml": "pro: {enabled: false}\nregistry: ''\n",
      "templates/a.yaml": pod(
        '"{{ if .Values.pro.enabled }}{{ .Values.registry | default "ghcr.io" }}/acme/pro{{ else }}{{ .Values.registry | default "docker.io" }}/web{{ end }}:1.0"',
      ),
    });
    expect(linesOf(found)).toEqual([`registry: ${TARGET}/library`]);
    expect(found.images.find(({ moved }) => !moved)).toMatchObject({
      image: "ghcr.io/acme/pro:1.0",
      when: ["pro.enabled=true"],
      why: "others need other values",
      instead: [{ path: "registry", value: TARGET }],
    });
  });

  it("says of an image that the same one from another place stands for it", async () => {
    const found = await repointTexts({
      "values.yaml": "cloud: {enabled: false}\nregistry: ''\nname: agent\n",
      "templates/a.yaml": pod(
        '"{{ .Values.registry | default (ternary "gcr.io/acme" "acme.io" .Values.cloud.enabled) }}/{{ .Values.name }}:1.0"',
      ),
    });
    expect(found.images.find(({ moved }) => !moved)).toMatchObject({
      image: "gcr.io/acme/agent:1.0",
      now: `${TARGET}/agent:1.0`,
      why: "another image that is moved stands for it",
    });
  });

  it("moves an optional image in each place that a setting switches on", async () => {
    const found = await repointTexts({
      "values.yaml":
        "one: {enabled: false, init: {registry: quay.io}}\ntwo: {enabled: false, init: {registry: quay.io}}\n",
      "templates/a.yaml": ["one", "two"].map(partOf).join(""),
    });
    expect(linesOf(found)).toEqual(
      ["one", "two"].flatMap((name) => [`${name}:`, "  init:", `    registry: ${TARGET}`]),
    );
    expect(found.images).toMatchObject([{ image: "quay.io/acme/shell:12", moved: true }]);
    expect(found.images[0]?.places).toHaveLength(2);
  });

  it("moves what is needed too where a setting that shows something else brings it in once more", async () => {
    const found = await repointTexts({
      "values.yaml":
        "image: quay.io/acme/web\ncsi: {enabled: false, image: quay.io/acme/csi, agent: quay.io/acme/web}\n",
      "templates/a.yaml": pod('"{{ .Values.image }}:1.0"'),
      "templates/b.yaml": `{{ if .Values.csi.enabled }}${pod('"{{ .Values.csi.image }}:1.0"')}  - {name: agent, image: "{{ .Values.csi.agent }}:1.0"}\n{{ end }}`,
    });
    expect(found.images.every(({ moved }) => moved)).toBe(true);
    expect(linesOf(found)).toEqual([
      "csi:",
      `  agent: ${TARGET}/acme/web`,
      `  image: ${TARGET}/acme/csi`,
      `image: ${TARGET}/acme/web`,
    ]);
  });

  it("moves what a part that is off brings in, where nothing else tells that it does", async () => {
    const found = await repointTexts({
      "values.yaml":
        "server: {image: quay.io/acme/web}\nupgrade: {enabled: false, job: {enabled: false, image: quay.io/acme/web}}\n",
      "templates/a.yaml": pod('"{{ .Values.server.image }}:1.0"'),
      "templates/b.yaml": `{{ if and .Values.upgrade.enabled .Values.upgrade.job.enabled }}${pod('"{{ .Values.upgrade.job.image }}:1.0"', "job")}{{ end }}`,
    });
    expect(linesOf(found)).toEqual([
      "server:",
      `  image: ${TARGET}/acme/web`,
      "upgrade:",
      "  job:",
      `    image: ${TARGET}/acme/web`,
    ]);
    expect(found.images).toMatchObject([
      { places: [{ object: "Pod/main" }, { object: "Pod/job" }] },
    ]);
  });

  it("turns a switch where a setting has a say only behind it", async () => {
    const texts = {
      "values.yaml": "mirror: {enabled: false, host: mirror.example.com}\n",
      "templates/a.yaml": pod(
        '"{{ if .Values.mirror.enabled }}{{ .Values.mirror.host }}{{ else }}quay.io{{ end }}/acme/web:1.0"',
      ),
    };
    const found = await repointTexts(texts);
    expect(linesOf(found)).toEqual(["mirror:", "  enabled: true", `  host: ${TARGET}`]);
    expect(found.edits.map(({ moves }) => moves)).toEqual([
      ["quay.io/acme/web:1.0"],
      expect.arrayContaining(["quay.io/acme/web:1.0"]),
    ]);
    expect(await imagesWith(texts, found.text)).toEqual([`${TARGET}/acme/web:1.0`]);
  });

  it("turns no switch that changes something else too", async () => {
    const found = await repointTexts({
      "values.yaml": "mirror: {enabled: false, host: ''}\n",
      "templates/a.yaml": pod(
        '"{{ if .Values.mirror.enabled }}{{ .Values.mirror.host }}/{{ end }}acme/web:1.0"',
      ),
      "templates/b.yaml":
        "{{ if .Values.mirror.enabled }}kind: Namespace\nmetadata: {name: a}\n{{ end }}",
    });
    expect(linesOf(found)).toEqual(["{}"]);
    expect(found.images).toMatchObject([{ moved: false }]);
  });

  it("moves a name without a tag that a variable or an argument hands on", async () => {
    const found = await repointTexts({
      "values.yaml": "web: quay.io/acme/web\nsidecar: quay.io/acme/sidecar\nregistry: quay.io\n",
      "templates/a.yaml": pod(
        `"{{ .Values.web }}:1.0", env: [{name: SIDECAR_IMAGE, value: "{{ .Values.sidecar }}"}], args: ["--runner-image={{ .Values.registry }}/acme/runner"]`,
      ),
    });
    expect(linesOf(found)).toEqual([
      `registry: ${TARGET}`,
      `sidecar: ${TARGET}/acme/sidecar`,
      `web: ${TARGET}/acme/web`,
    ]);
    expect(found.images.map(({ image, class: kind }) => [image, kind])).toEqual([
      ["quay.io/acme/web:1.0", "needed"],
      ["quay.io/acme/runner:latest", "suspect"],
      ["quay.io/acme/sidecar:latest", "suspect"],
    ]);
  });

  it("moves what one item of a list switches on, and leaves the item as it is", async () => {
    const texts = {
      "values.yaml":
        "registry: quay.io\nparts:\n- {name: web, enabled: true}\n- {name: job, enabled: false, sidecar: docker.io/acme/log}\n",
      "templates/a.yaml": `{{ range .Values.parts }}{{ if .enabled }}---\n${pod('"{{ $.Values.registry }}/acme/{{ .name }}:1.0"')}{{ with .sidecar }}  - {name: side, image: "{{ . }}:2.0"}\n{{ end }}{{ end }}{{ end }}`,
    };
    const found = await repointTexts(texts);
    expect(found.images.map(({ image, moved }) => [image, moved])).toEqual([
      ["quay.io/acme/web:1.0", true],
      ["docker.io/acme/log:2.0", true],
      ["quay.io/acme/job:1.0", true],
    ]);
    expect(await imagesWith(texts, found.text)).toEqual([`${TARGET}/acme/web:1.0`]);
  });

  it.each([
    ["an item of a list", "all: [a]", 'has "ha" .Values.all'],
    ["a text that is a number", 'all: "7"', "eq (int .Values.all) 8"],
    ["a text that is another one", "all: '8'", 'eq .Values.all "9"'],
  ])("moves what %s switches on", async (_what, values, condition) => {
    const texts = {
      "values.yaml": `${values}\nimage: quay.io/acme/log:1.0\n`,
      "templates/a.yaml": `{{ if ${condition} }}${pod("{{ .Values.image }}")}{{ end }}`,
    };
    const found = await repointTexts(texts);
    expect(found.images.map(({ image, moved }) => [image, moved])).toEqual([
      ["quay.io/acme/log:1.0", true],
    ]);
  });

  it("moves the likelier of two images that want other values of one key", async () => {
    const found = await repointTexts({
      "values.yaml": "db: {enabled: false, kind: '', imageName: ''}\n",
      "templates/a.yaml": `{{ if .Values.db.enabled }}${pod('"{{ .Values.db.imageName | default (ternary "quay.io/acme/aaa:1.0" "quay.io/acme/db:1.0" (eq .Values.db.kind "special")) }}"')}{{ end }}`,
    });
    expect(linesOf(found)).toEqual(["db:", `  imageName: ${TARGET}/acme/db:1.0`]);
  });

  it("lifts the refusal of foreign images where the chart says how", async () => {
    const found = await repointTexts({
      "values.yaml":
        "global: {allowForeignImages: false}\nimage: {registry: quay.io, name: acme/web:1.0}\n",
      "templates/a.yaml": pod('"{{ .Values.image.registry }}/{{ .Values.image.name }}"'),
      "templates/NOTES.txt":
        '{{ if and (ne .Values.image.registry "quay.io") (not .Values.global.allowForeignImages) }}{{ fail "foreign images: set global.allowForeignImages to true" }}{{ end }}',
    });
    expect(linesOf(found)).toEqual([
      "global:",
      "  allowForeignImages: true",
      "image:",
      `  registry: ${TARGET}`,
    ]);
    expect(found.text).toContain("# without it the chart refuses images of other registries\n");
    expect(found.problems).toEqual([]);
  });

  it("says that a switch lifts a refusal where the template of the image itself refuses", async () => {
    const { edits } = await repointTexts({
      "values.yaml": "allowForeign: false\nimage: {registry: quay.io, name: acme/web:1.0}\n",
      "templates/a.yaml": `{{ if and (ne .Values.image.registry "quay.io") (not .Values.allowForeign) }}{{ fail "set Values.allowForeign to true" }}{{ end }}${pod('"{{ .Values.image.registry }}/{{ .Values.image.name }}"')}`,
    });
    expect(edits.map(({ path, moves }) => [path.join("."), moves])).toEqual(
      expect.arrayContaining([
        ["allowForeign", []],
        ["image.registry", ["quay.io/acme/web:1.0"]],
      ]),
    );
  });

  it("does not claim what an assignment of the user undoes", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "image: quay.io/acme/web:1.0\n",
        "templates/a.yaml": pod("{{ .Values.image }}"),
      },
      { set: ["image=ghcr.io/other/web:2.0"] },
    );
    expect(found.images).toMatchObject([{ now: "ghcr.io/other/web:2.0", moved: false }]);
  });

  it("finds nothing to do where everything is at the target", async () => {
    const found = await repointTexts({ "templates/a.yaml": pod(`${TARGET}/acme/web:1.0`) });
    expect(linesOf(found)).toEqual(["{}"]);
    expect(found.images).toMatchObject([{ moved: true }]);
  });
});
