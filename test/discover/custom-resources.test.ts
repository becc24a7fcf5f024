import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart, type ChartTexts } from "../../fixtures/charts.ts";
import { settleByList } from "../../src/discover/custom-resources.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";
import type { DiscoverOptions, Discovery } from "../../src/discover/discovery.ts";

async function discover(texts: ChartTexts, options: DiscoverOptions = {}): Promise<Discovery> {
  return discoverImages(await makeChartOf(texts), options);
}

/** `group/Kind` of what stands open, with an exclamation mark where a needed image may be missing. */
function open({ unknowns }: Discovery): string[] {
  return unknowns.flatMap(({ kind, needed }) =>
    kind === undefined ? [] : [`${kind}${needed ? "!" : ""}`],
  );
}

const resource = (api: string, kind: string, spec = "{size: 3}"): string =>
  `apiVersion: ${api}\nkind: ${kind}\nmetadata: {name: a}\nspec: ${spec}\n`;

describe("a custom resource", () => {
  it.each([
    ["databases.example.org/v1", "Database"],
    ["k8s.example.io/v1beta1", "Cluster"],
    ["monitoring.coreos.com/v1", "Prometheus"],
    ["monitoring.coreos.com/v1", "ThanosRuler"],
    ["gateway.networking.k8s.io/v1", "Gateway"],
    ["kafka.strimzi.io/v1beta2", "Kafka"],
  ])("of %s %s that names no image leaves open what is started for it", async (api, kind) => {
    const discovery = await discover({ "templates/a.yaml": resource(api, kind) });
    expect(open(discovery)).toEqual([`${api.replace(/\/.*/, "")}/${kind}!`]);
    expect(discovery.complete).toBe(false);
  });

  it.each([
    ["monitoring.coreos.com/v1", "ServiceMonitor"],
    ["monitoring.coreos.com/v1", "PrometheusRule"],
    ["cert-manager.io/v1", "Certificate"],
    ["gateway.networking.k8s.io/v1", "HTTPRoute"],
    ["kafka.strimzi.io/v1beta2", "KafkaTopic"],
    ["networking.k8s.io/v1", "Ingress"],
    ["apps/v1", "ControllerRevision"],
    ["v1", "Service"],
  ])("of %s %s starts nothing", async (api, kind) => {
    const discovery = await discover({ "templates/a.yaml": resource(api, kind) });
    expect([open(discovery), discovery.complete]).toEqual([[], true]);
  });

  it.each([
    ["braces", "{apiVersion: x.example.org/v1, kind: Thing, metadata: {name: a}}\n"],
    ["JSON", '{"apiVersion": "x.example.org/v1", "kind": "Thing", "metadata": {"name": "a"}}\n'],
    [
      "a list",
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: x.example.org/v1\n  kind: Thing\n",
    ],
    ["another order", 'kind: "Thing"\nmetadata: {name: a}\napiVersion: "x.example.org/v1"\n'],
  ])("is seen in %s", async (_form, text) => {
    expect(open(await discover({ "templates/a.yaml": text }))).toEqual(["x.example.org/Thing!"]);
  });

  it("is none where a ConfigMap speaks of one, or helm test alone makes it", async () => {
    const inner = resource("x.example.org/v1", "Thing").replace(/^/gm, "    ");
    const discovery = await discover({
      "templates/a.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: |\n${inner}`,
      "templates/b.yaml":
        'apiVersion: x.example.org/v1\nkind: Thing\nmetadata: {name: a, annotations: {"helm.sh/hook": test}}\n',
    });
    expect([open(discovery), discovery.complete]).toEqual([[], true]);
  });

  it("may change a container that its operator makes, and needs no image for that", async () => {
    const spec = '{image: "quay.io/x/thing:1", containers: [{name: main, args: [-v]}]}';
    const thing = resource("x.example.org/v1", "Thing", spec);
    expect(await discover({ "templates/a.yaml": thing })).toMatchObject({ complete: true });
    const empty = thing.replace("name: main", 'name: main, image: ""');
    const [blank] = (await discover({ "templates/a.yaml": empty })).unknowns;
    expect(blank).toMatchObject({ code: "IMAGE_NOT_DERIVED", needed: true });
  });

  it("that names an image may start more, which is a note; one of two that names none is open", async () => {
    const named = resource("x.example.org/v1", "Thing", "{image: quay.io/x/thing:1}");
    const silent = named.replace("{image: quay.io/x/thing:1}", "{}");
    const one = await discover({ "templates/a.yaml": named });
    expect([open(one), one.complete]).toEqual([["x.example.org/Thing"], true]);
    const both = await discover({ "templates/a.yaml": named, "templates/b.yaml": silent });
    expect([open(both), both.complete]).toEqual([["x.example.org/Thing!"], false]);
  });

  it("that a setting brings in is named with it, and nothing is missing without it", async () => {
    const kibana = resource("kibana.k8s.elastic.co/v1", "Kibana");
    const texts = {
      "Chart.yaml": chartYaml("demo", "dependencies: [{name: eck, condition: eck.enabled}]\n"),
      "values.yaml": "eck: {enabled: false}\nkibana: {on: false, size: big}\nbeats: []\n",
      "templates/a.yaml": `{{ if and .Values.kibana.on (eq .Values.kibana.size "small") }}\n${kibana}{{ end }}`,
      "templates/b.yaml": `{{ range .Values.beats }}\n${resource("beat.k8s.elastic.co/v1", "Beat")}---\n{{ end }}`,
      "templates/c.yaml": `{{ if .Values.kibana.on }}\n${resource("x.example.org/v1", "Thing", "{image: quay.io/x/thing:1}")}{{ end }}`,
      ...subchart("eck", {
        "templates/e.yaml": resource("elasticsearch.k8s.elastic.co/v1", "Elasticsearch"),
      }),
    };
    const discovery = await discover(texts);
    const said = "which images are started for it, its operator knows and the chart does not say";
    expect(discovery.unknowns.map(({ code, message }) => [code, message])).toEqual([
      ["CUSTOM_RESOURCE", `beat.k8s.elastic.co/Beat, with beats is set: ${said}`],
      [
        "CUSTOM_RESOURCE",
        `elasticsearch.k8s.elastic.co/Elasticsearch, with eck.enabled=true: ${said}`,
      ],
      [
        "CUSTOM_RESOURCE",
        `kibana.k8s.elastic.co/Kibana, with kibana.on=true and kibana.size=small: ${said}`,
      ],
    ]);
    expect([open(discovery).join(" "), discovery.complete]).toEqual([
      "beat.k8s.elastic.co/Beat elasticsearch.k8s.elastic.co/Elasticsearch kibana.k8s.elastic.co/Kibana",
      true,
    ]);
    const settled = new Map([["x.example.org/Thing", "ours"]]);
    expect(open(await discover(texts, { settled }))).toContain("x.example.org/Thing");
    const values = [new Map([["beats", [new Map([["name", "a"]])]]])];
    const installed = await discover(texts, { values });
    expect([open(installed)[0], installed.complete]).toEqual(["beat.k8s.elastic.co/Beat!", false]);
  });

  it("is settled by a word on its kind, or by images listed beyond those of the chart", async () => {
    const texts = { "templates/a.yaml": resource("x.example.org/v1", "Thing") };
    const settled = await discover(texts, { settled: new Map([["x.example.org/Thing", "ours"]]) });
    expect(settled.complete).toBe(true);
    expect(settled.unknowns).toMatchObject([{ word: "ours", needed: false }]);
    const other = await discover(texts, { settled: new Map([["y.example.org/Thing", "ours"]]) });
    expect(other.complete).toBe(false);
    expect(settleByList(other, []).complete).toBe(false);
    const listed = settleByList(other, ["quay.io/x/thing:1"]);
    expect(listed.complete).toBe(true);
    expect(listed.unknowns[0]?.message).toBe(
      "x.example.org/Thing: settled by images that are listed by hand: quay.io/x/thing:1",
    );
  });
});

describe("a definition of custom resources", () => {
  it.each([
    [
      "braces",
      "{kind: CustomResourceDefinition, spec: {names: {kind: Thing}, s: {image: {type: string}}}}\n",
    ],
    [
      "JSON",
      '{\n  "kind": "CustomResourceDefinition",\n  "spec": {"names": {"kind": "Thing"}, "image": {"type": "string"}}\n}\n',
    ],
    [
      "lines",
      "kind: CustomResourceDefinition\nspec:\n  names:\n    kind: Thing\n  s:\n    image:\n      type: string\n",
    ],
  ])("written in %s tells of its operator", async (_form, text) => {
    const { unknowns } = await discover({ "crds/thing.yaml": text });
    expect(unknowns).toMatchObject([{ code: "OPERATOR", needed: false }]);
    expect(unknowns[0]?.message).toContain("(Thing)");
  });
});
