import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart, type ChartTexts } from "../../fixtures/charts.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";
import {
  toFinding,
  type DiscoveredImage,
  type DiscoverOptions,
  type Discovery,
} from "../../src/discover/discovery.ts";
import { readUserValues } from "../../src/helm/values/user-values.ts";

async function discover(texts: ChartTexts, options: DiscoverOptions = {}): Promise<Discovery> {
  return discoverImages(await makeChartOf(texts), options);
}

/** `class image by …` for each image. */
function lines({ images }: Discovery): string[] {
  return images.map(({ image, class: kind, optionalBy }) => {
    const by = optionalBy.map((way) => way.join(" & ")).join(" | ");
    return `${kind} ${image.replace("docker.io/", "")}${by === "" ? "" : ` by ${by}`}`;
  });
}

function find(discovery: Discovery, part: string): DiscoveredImage | undefined {
  return discovery.images.find(({ image }) => image.includes(part));
}

/** A Deployment with one container. */
const deployment = (image: string, more = ""): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n${more}spec:\n  template:\n    spec:\n      containers:\n      - name: app\n        image: ${image}\n`;

const hook = (names: string): string => `  annotations:\n    helm.sh/hook: ${names}\n`;

describe("a library chart", () => {
  it("has no image of its own, which one line says", async () => {
    const parts: Record<string, string> = {};
    for (let number = 0; number < 40; number++) {
      parts[`templates/_${number}.tpl`] =
        `{{- define "lib.${number}" -}}{{ if .x }}image: {{ .x }}/app:1{{ end }}{{- end -}}`;
    }
    const { images, unknowns, complete } = await discover({
      "Chart.yaml": chartYaml("demo", "type: library\n"),
      ...parts,
    });
    expect([images, complete]).toEqual([[], true]);
    expect(unknowns.map(({ message }) => message)).toEqual([
      "demo is a library: it has no images of its own",
    ]);
  });
});

describe("an image is", () => {
  it("needed when a rendering with the values given names it", async () => {
    const discovery = await discover({
      "values.yaml": "image:\n  repository: x/app\n  tag: ''\n",
      "templates/a.yaml": deployment(
        '"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"',
      ),
    });
    expect(lines(discovery)).toEqual(["needed x/app:1.2.3"]);
    expect(discovery.complete).toBe(true);
    expect(discovery.chart).toEqual({ name: "demo", version: "1.0.0", appVersion: "1.2.3" });
  });

  it("a hook's when only a hook names it, and optional when only a test does", async () => {
    const discovery = await discover({
      "templates/a.yaml": deployment("x/job:1", hook("pre-install,post-upgrade")),
      "templates/b.yaml": deployment("x/test:1", hook("test-success")),
    });
    expect(lines(discovery)).toEqual(["hook x/job:1", "optional x/test:1 by helm test"]);
    expect(find(discovery, "job")?.evidence[0]?.hooks).toEqual(["pre-install", "post-upgrade"]);
  });

  it("is not what an unknown hook names: Helm leaves that out", async () => {
    const discovery = await discover({
      "templates/a.yaml": deployment("x/upper:1", hook("PRE-INSTALL")),
      "templates/b.yaml": deployment("x/odd:1", hook("pre-install,someday")),
      "templates/c.yaml": deployment("x/empty:1", hook('""')),
    });
    expect(lines(discovery)).toEqual(["hook x/upper:1"]);
  });

  it("needed once, however often it is named", async () => {
    const discovery = await discover({
      "templates/a.yaml": deployment("busybox:1.36"),
      "templates/b.yaml": deployment("docker.io/library/busybox:1.36", hook("pre-install")),
    });
    expect(lines(discovery)).toEqual(["needed library/busybox:1.36"]);
    expect(discovery.images[0]?.evidence.map((one) => one.class)).toEqual(["needed", "hook"]);
  });

  it("needed when it stands in a Secret, in which everything is encoded", async () => {
    const discovery = await discover({
      "templates/a.yaml":
        'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  run: {{ "a: 1\\nrunnerImage: quay.io/a/b:v1\\n" | b64enc }}\n',
    });
    expect(lines(discovery)).toEqual(["needed quay.io/a/b:v1"]);
  });

  it("suspect when it stands in a text that speaks of no image", async () => {
    const config =
      "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    see quay.io/x/y:v1\n    x\n";
    expect(lines(await discover({ "templates/a.yaml": config }))).toEqual([
      "suspect quay.io/x/y:v1",
    ]);
  });
});

describe("evidence", () => {
  it("says file and line, object and container, and the values it comes from", async () => {
    const discovery = await discover({
      "values.yaml": "# images\nimage:\n  repository: x/app\n  tag: v1\n",
      "templates/a.yaml": `# one\n${deployment("{{ .Values.image.repository }}:{{ .Values.image.tag }}")}`,
    });
    expect(discovery.images[0]?.evidence).toEqual([
      {
        source: "rendering",
        class: "needed",
        file: "templates/a.yaml",
        line: 11,
        object: "Deployment/web",
        where: "container app",
      },
      {
        source: "values",
        class: "suspect",
        file: "values.yaml",
        line: 3,
        valuesPath: "image.repository",
      },
    ]);
  });

  it("says in whose values it stands", async () => {
    const texts = subchart("sub", {
      "values.yaml": "image: {repository: x/app}\n",
      "templates/a.yaml": deployment("{{ .Values.image.repository }}:{{ .Values.image.tag }}"),
    });
    const discovery = await discover({ "values.yaml": "sub:\n  image:\n    tag: v9\n", ...texts });
    const values = discovery.images[0]?.evidence.find(({ source }) => source === "values");
    expect(values).toMatchObject({
      file: "charts/sub/values.yaml",
      valuesPath: "sub.image.repository",
    });
    expect(discovery.images[0]?.evidence[0]?.file).toBe("charts/sub/templates/a.yaml");
  });
});

describe("an optional image", () => {
  const exporter = deployment("x/exporter:1");

  it("is found behind a setting that is off", async () => {
    const discovery = await discover({
      "values.yaml": "metrics: {enabled: false}\n",
      "templates/a.yaml": `{{ if .Values.metrics.enabled }}\n${exporter}{{ end }}`,
    });
    expect(lines(discovery)).toEqual(["optional x/exporter:1 by metrics.enabled=true"]);
  });

  it("is found behind a setting that is on, or not there, or compared with something", async () => {
    const discovery = await discover({
      "values.yaml": "plain: true\nmode: standalone\n",
      "templates/a.yaml": `{{ if not .Values.plain }}\n${deployment("x/a:1")}{{ end }}`,
      "templates/b.yaml": `{{ if .Values.extra }}\n${deployment("x/b:1")}{{ end }}`,
      "templates/c.yaml": `{{ if eq .Values.mode "cluster" }}\n${deployment("x/c:1")}{{ end }}`,
    });
    expect(lines(discovery)).toEqual([
      "optional x/a:1 by plain=false",
      "optional x/b:1 by extra=true",
      "optional x/c:1 by mode=cluster",
    ]);
  });

  it("is found where another file sets it for a setting", async () => {
    const discovery = await discover({
      "values.yaml": "prod: false\ncore: {image: x/core:1}\n",
      "templates/a.yaml": deployment("{{ .Values.core.image }}"),
      "templates/z.yaml":
        '{{ if .Values.prod }}{{ $_ := set .Values.core "image" "x/prod:1" }}{{ end }}',
    });
    expect(lines(discovery)).toEqual(["needed x/core:1", "optional x/prod:1 by prod=true"]);
  });

  it("is found where a file that prints objects too sets it for a setting", async () => {
    const discovery = await discover({
      "values.yaml": "prod: false\ncore: {image: x/core:1}\n",
      "templates/a.yaml": deployment("{{ .Values.core.image }}"),
      "templates/z.yaml": `{{ if .Values.prod }}{{ $_ := set .Values.core "image" "x/prod:1" }}{{ end }}\n${deployment("x/z:1")}`,
    });
    expect(lines(discovery)).toEqual([
      "needed x/core:1",
      "needed x/z:1",
      "optional x/prod:1 by prod=true",
    ]);
  });

  it.each([
    ["sets the same values whatever is tried", 'set .Values "replicas" 3'],
    [
      "puts what is tried where others see it, and nothing else",
      'set .Values "app" (merge (deepCopy .Values.app) (deepCopy .Values.common))',
    ],
  ])("is found beside what takes long, in a file that %s", async (_does, sets) => {
    const names = Array.from({ length: 40 }, (_item, index) => `f${index}`);
    const parts = names.map(
      (name) => `{{ if .Values.app.${name} }}\n${deployment(`x/${name}:1`)}{{ end }}`,
    );
    const discovery = await discover({
      "values.yaml": `common: {plain: 1}\napp:\n${names.map((name) => `  ${name}: false\n`).join("")}`,
      "templates/a.yaml": "{{ toYaml .Values }}{{ range until 20000 }}\n#{{ . }}{{ end }}",
      "templates/z.yaml": `{{ $_ := ${sets} }}\n${parts.join("---\n")}`,
    });
    expect(discovery.unknowns).toEqual([]);
    expect(discovery.images).toHaveLength(names.length);
  });

  it.each([
    '{{ if .Values.prod }}{{ $_ := set $own "image" "x/prod:1" }}{{ end }}',
    '{{ $own = dict "image" (ternary "x/prod:1" "x/core:1" .Values.prod) }}',
    '{{ $own = fromYaml (printf "image: x/%s:1" (ternary "prod" "core" .Values.prod)) }}',
    '{{ $own = merge (ternary (dict "image" "x/prod:1") dict .Values.prod) $own }}',
  ])("is found where another file puts a table of its own with it: %s", async (changes) => {
    const discovery = await discover({
      "values.yaml": "prod: false\ncore: {image: x/core:1}\n",
      "templates/a.yaml": deployment("{{ .Values.core.image }}"),
      "templates/z.yaml": `{{ $own := deepCopy .Values.core }}${changes}{{ $_ := set .Values "core" $own }}\n${deployment("x/z:1")}{{ if .Values.prod }}# image{{ end }}`,
    });
    expect(lines(discovery)).toEqual([
      "needed x/core:1",
      "needed x/z:1",
      "optional x/prod:1 by prod=true",
    ]);
  });

  it.each([
    "gt (len .Values.parts) 7",
    'contains "b" (toJson .Values.parts)',
    'has "b" (keys .Values.parts)',
    'ne (toYaml .Values.parts | sha256sum) "1"  | not',
    "range omit .Values.parts `a`",
    'eq .Release.Namespace "kube-system"',
    'lookup "v1" "Secret" "a" "b"',
  ])("is said to be missing where nothing reaches it behind %s", async (condition) => {
    const start = condition.startsWith("range") ? condition : `if ${condition}`;
    const { unknowns } = await discover({
      "values.yaml": 'parts: {a: 1}\ntag: "1"\n',
      "templates/a.yaml": `{{ ${start} }}\n${deployment("x/a:{{ $.Values.tag }}")}{{ end }}`,
    });
    expect(unknowns.map(({ code, line }) => [code, line])).toEqual([["NOT_EXPLORED", 1]]);
  });

  it("is read in a part that nothing brings to run, in a table on one line too", async () => {
    const spec =
      'containers: [{name: a, image: "x/a:1"}, {"image":"x/b:1"}, {image: x/c:{{ .Values.c }}}]';
    const { images } = await discover({
      "values.yaml": "parts: {}\n",
      "templates/a.yaml": `{{ if gt (len .Values.parts) 7 }}\n${spec}\n- { image: x/d:1, name: d }\n{{ end }}`,
    });
    const found = images.map(({ image, evidence: [first] }) => `${first?.source} ${image}`);
    expect(found).toEqual(["a", "b", "d"].map((name) => `template docker.io/x/${name}:1`));
  });

  it("is found behind two settings, side by side or one in the other", async () => {
    const discovery = await discover({
      "values.yaml": "a: {on: false, enabled: false}\nb: {enabled: false}\n",
      "templates/a.yaml": `{{ if and .Values.a.enabled .Values.b.enabled }}\n${deployment("x/both:1")}{{ end }}`,
      "templates/b.yaml": `{{ if .Values.a.enabled }}{{ if .Values.b.enabled }}\n${deployment("x/inner:1")}{{ end }}{{ end }}`,
    });
    expect(lines(discovery)).toEqual([
      "optional x/both:1 by a.enabled=true & b.enabled=true",
      "optional x/inner:1 by a.enabled=true & b.enabled=true",
    ]);
  });

  it("is found through helpers, variables and dictionaries that hand a setting on", async () => {
    const discovery = await discover({
      "values.yaml": "metrics: {enabled: false}\nfips: {enabled: false}\n",
      "templates/_h.tpl":
        '{{ define "on" }}{{ if .Values.metrics.enabled }}true{{ end }}{{ end }}{{ define "app.image" }}{{ .image }}{{ if .fips }}-fips{{ end }}:1{{ end }}',
      "templates/a.yaml": `{{ $on := include "on" . }}{{ if $on }}\n${exporter}{{ end }}`,
      "templates/b.yaml": deployment(
        '{{ include "app.image" (dict "image" "x/app" "fips" .Values.fips.enabled) }}',
      ),
    });
    expect(lines(discovery)).toEqual([
      "needed x/app:1",
      "optional x/app-fips:1 by fips.enabled=true",
      "optional x/exporter:1 by metrics.enabled=true",
    ]);
  });

  it("is found where the cluster must have an API", async () => {
    const discovery = await discover({
      "templates/a.yaml": `{{ if .Capabilities.APIVersions.Has "x.io/v1" }}\n${exporter}{{ end }}`,
    });
    expect(lines(discovery)).toEqual(["optional x/exporter:1 by cluster has x.io/v1"]);
  });

  it("is found in a subchart that is off, and behind settings of its own", async () => {
    const discovery = await discover({
      "Chart.yaml": chartYaml(
        "demo",
        "dependencies:\n- {name: sub, version: 1.x, condition: sub.enabled}\n",
      ),
      "values.yaml": "sub: {enabled: false}\n",
      ...subchart("sub", {
        "values.yaml": "metrics: {enabled: false}\n",
        "templates/a.yaml": deployment("x/sub:1"),
        "templates/b.yaml": `{{ if .Values.metrics.enabled }}\n${exporter}{{ end }}`,
      }),
    });
    expect(lines(discovery)).toEqual([
      "optional x/exporter:1 by sub.enabled=true & sub.metrics.enabled=true",
      "optional x/sub:1 by sub.enabled=true",
    ]);
  });

  it("is found in values that no rendering uses, with the setting above it that is off", async () => {
    const discovery = await discover({
      "values.yaml":
        "a:\n  enabled: false\n  image: {registry: quay.io, repository: x/a, tag: v1}\nb: {sideImage: quay.io/x/b:v1}\n",
    });
    expect(lines(discovery)).toEqual([
      "optional quay.io/x/a:v1 by a.enabled=true",
      "optional quay.io/x/b:v1 by something that uses b.sideImage",
    ]);
  });

  it("is found in a part that no setting reaches, as far as it stands there", async () => {
    const discovery = await discover({
      "templates/a.yaml": `{{ if and (eq 1 2) .Values.x }}\n${deployment("x/never:1.0")}{{ end }}`,
    });
    expect(lines(discovery)).toEqual(["optional x/never:1.0 by {{ if and (eq 1 2) .Values.x }}"]);
  });

  it("is what the chart lists itself", async () => {
    const list = "- name: a\n  image: quay.io/x/a:v1\n- image: not an image\n";
    const annotations = `annotations:\n  artifacthub.io/images: |\n${list.replace(/^/gm, "    ")}\n`;
    const discovery = await discover({
      "Chart.yaml": chartYaml("demo", annotations),
      "Images.lock": "images:\n- image: quay.io/x/b:v1\n",
    });
    expect(lines(discovery)).toEqual([
      "optional quay.io/x/a:v1 by the chart lists it",
      "optional quay.io/x/b:v1 by the chart lists it",
    ]);
  });

  it.each([
    ["a block", "\n      type: string\n      default: quay.io/x/thing:v1\n"],
    ["a line", ' {type: string, default: "quay.io/x/thing:v1"}\n'],
  ])("is what a custom resource gets that names none, said in %s", async (_style, field) => {
    const definition = `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things}\nspec:\n  names:\n    kind: Thing\n  schema:\n    image:${field}`;
    const discovery = await discover({ "crds/thing.yaml": definition });
    expect(lines(discovery)).toEqual(["optional quay.io/x/thing:v1 by a Thing that names none"]);
    expect(discovery.unknowns.map(({ code }) => code)).toEqual(["OPERATOR"]);
  });
});

describe("values given", () => {
  const texts = {
    "values.yaml": "a: {enabled: false}\nb: {enabled: true}\n",
    "templates/a.yaml": `{{ if .Values.a.enabled }}\n${deployment("x/a:1")}{{ end }}`,
    "templates/b.yaml": `{{ if .Values.b.enabled }}\n${deployment("x/b:1")}{{ end }}`,
  };

  it("decide what is needed", async () => {
    const values = [await readUserValues({ set: ["a.enabled=true,b.enabled=false"] })];
    expect(lines(await discover(texts, { values }))).toEqual([
      "needed x/a:1",
      "optional x/b:1 by b.enabled=true",
    ]);
  });

  it("in several sets need what any of them needs", async () => {
    const values = [await readUserValues({}), await readUserValues({ set: ["a.enabled=true"] })];
    expect(lines(await discover(texts, { values }))).toEqual(["needed x/a:1", "needed x/b:1"]);
  });
});

describe("what cannot be known", () => {
  it("is a tag that follows the version of the cluster, unless that is told", async () => {
    const texts = {
      "templates/a.yaml": deployment("x/kubectl:{{ .Capabilities.KubeVersion.Version }}"),
    };
    const unknown = await discover(texts);
    expect(unknown.images).toEqual([]);
    expect(unknown.complete).toBe(false);
    expect(unknown.unknowns).toMatchObject([
      { code: "CLUSTER_VERSION", needed: true, file: "templates/a.yaml", line: 10 },
    ]);
    const known = await discover(texts, { kubeVersion: "v1.33.1" });
    expect(lines(known)).toEqual(["needed x/kubectl:v1.33.1"]);
  });

  it("is what a template that cannot be evaluated prints", async () => {
    const discovery = await discover({ "templates/a.yaml": deployment("x/a:1{{ nope }}") });
    expect(discovery.complete).toBe(false);
    expect(discovery.unknowns[0]).toMatchObject({
      code: "TEMPLATE_NOT_EVALUATED",
      message: 'could not evaluate templates/a.yaml:10: function "nope" is not known',
    });
  });

  it("is what values that the chart refuses would give, though most of it is found", async () => {
    const discovery = await discover({
      "templates/a.yaml": `{{ required "give a name" .Values.name }}\n${deployment("x/a:1")}`,
    });
    expect(lines(discovery)).toEqual(["needed x/a:1"]);
    expect(discovery.unknowns[0]).toMatchObject({
      code: "VALUES_REFUSED",
      message: "give name: the chart requires it (give a name)",
    });
    expect(discovery.complete).toBe(false);
  });

  it("is the image of a container that names none", async () => {
    const discovery = await discover({ "templates/a.yaml": deployment('"{{ .Values.image }}"') });
    expect(discovery.unknowns[0]).toMatchObject({
      code: "IMAGE_NOT_DERIVED",
      message: 'Deployment/web, container app: expected an image, found ""',
      line: 10,
    });
  });

  it("is told together of containers that have the same in its place, in whichever file", async () => {
    const discovery = await discover({
      "templates/a.yaml": deployment('"{{ .Values.image }}"'),
      "templates/b.yaml": deployment('"{{ .Values.image }}"').replace("name: web", "name: api"),
      "templates/c.yaml": deployment('"{{ .Values.image }}:1"').replace("name: web", "name: job"),
    });
    const messages = discovery.unknowns.map(({ message }) => message);
    expect(messages.toSorted()).toEqual([
      'Deployment/api, container app; Deployment/web, container app: expected an image, found ""',
      'Deployment/job, container app: expected an image, found ":1"',
    ]);
  });

  it("is a name in the values without a tag, but not what a cache of images is called", async () => {
    const values = "image: {name: acme/app}\nimageCache: {name: demo-image-cache}\n";
    const discovery = await discover({ "values.yaml": values });
    expect(discovery.unknowns.map(({ message }) => message)).toEqual([
      "image.name names acme/app without a tag, and no rendering uses it",
    ]);
  });

  it("is a dependency that is not there", async () => {
    const discovery = await discover({
      "Chart.yaml": chartYaml(
        "demo",
        'dependencies:\n- {name: redis, version: 1.x, repository: "https://r"}\n',
      ),
    });
    expect(discovery.unknowns[0]?.message).toBe(
      "the chart does not hold its dependency redis 1.x from https://r",
    );
    expect(discovery.complete).toBe(false);
  });

  it("is a tag that values leave empty where no rendering fills it in", async () => {
    const discovery = await discover({
      "values.yaml": "image: {registry: quay.io, repository: x/a, tag: ''}\n",
    });
    expect(discovery.images).toEqual([]);
    expect(discovery.unknowns).toMatchObject([
      { code: "IMAGE_NOT_DERIVED", needed: false, file: "values.yaml" },
    ]);
  });

  it.each([
    ["list", "- apiVersion: v1\n  kind: Pod\n  spec: {containers: [{name: a, image: 'x/a:1'}]}\n"],
    [
      "text",
      "|\n  apiVersion: v1\n  kind: Pod\n  spec: {containers: [{name: a, image: 'x/a:1'}]}\n",
    ],
  ])("is what a %s in the place of an object holds, which Helm refuses", async (what, text) => {
    const { complete, unknowns } = await discover({ "templates/a.yaml": text });
    expect(complete).toBe(false);
    expect(unknowns.map(({ message }) => message)).toEqual([
      `could not read what templates/a.yaml prints: expected an object, found a ${what}`,
    ]);
  });

  it("is what Helm would say to a document without an image that is no YAML, with these values alone", async () => {
    const texts = {
      "values.yaml": "on: false\nother: false\nannotations: {a: b}\n",
      "templates/a.yaml":
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations:\n    {{ toYaml .Values.annotations | nindent 4 }}\n{{ if .Values.on }}     b: c\n{{ end }}",
      "templates/b.yaml": deployment("x/b:{{ if .Values.on }}2{{ else }}1{{ end }}"),
    };
    const refused = await discover(texts, { values: [new Map([["on", true]])] });
    expect(refused.unknowns.map(({ code, file, line }) => [code, file, line])).toEqual([
      ["TEMPLATE_NOT_EVALUATED", "templates/a.yaml", 1],
    ]);
    expect(refused.complete).toBe(false);
    const taken = await discover(texts);
    expect([taken.unknowns, taken.complete]).toEqual([[], true]);
  });

  it("can be shown as a finding", async () => {
    const { unknowns } = await discover({ "templates/a.yaml": "{{ nope }}" });
    expect(unknowns.map(toFinding)).toEqual([
      {
        code: "TEMPLATE_NOT_EVALUATED",
        severity: "warning",
        message: 'could not evaluate templates/a.yaml:1: function "nope" is not known',
        entry: "templates/a.yaml:1",
      },
    ]);
  });
});

describe("what is no image", () => {
  it("is not reported: schemas, labels, URLs, hosts, picture files, versions", async () => {
    const discovery = await discover({
      "values.yaml": `
# image: quay.io/x/comment:v1
ingress: {host: "registry.example.com:5000", url: "https://quay.io/x/y:v1"}
logo: img/logo.png
chart: {repository: "https://charts.example.com", name: redis, version: 1.2.3}
resources: {image: {size: 10Gi}}
labels: {"app.kubernetes.io/version": "1.2.3"}
`,
      "values.schema.json": '{"description": "for example quay.io/x/schema:v1"}',
      "README.md": "docker pull quay.io/x/readme:v1",
      "templates/NOTES.txt": "image: quay.io/x/notes:v1",
      "templates/a.yaml": `apiVersion: v1
kind: Service
metadata:
  name: x
  annotations: {docs: "see quay.io/x/annotation:v1"}
spec: {externalName: "api.example.com:443"}
`,
    });
    expect(lines(discovery)).toEqual([]);
    expect(discovery.complete).toBe(true);
  });
});
