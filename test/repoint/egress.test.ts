import { describe, expect, it } from "vitest";
import { linesOf, repointTexts, TARGET } from "./repointing.ts";

const pod = `apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {docs: "https://docs.acme.io"}
spec:
  containers:
  - name: main
    image: ${TARGET}/acme/web:1.0
    args: [--listen=http://0.0.0.0:80, --peer=http://db.shop.svc.cluster.local, --near=http://db.default:80, "--registry=https://registry.internal:5000"]
    env:
{{- if .Values.telemetry.enabled }}
    - {name: USAGE_URL, value: "https://usage.acme.io/v1"}
{{- end }}
    - {name: CHECK_FOR_UPDATES, value: {{ .Values.updates.check | quote }}}
    - {name: PLUGINS, value: "https://plugins.acme.io/a.zip"}
`;

const config = `apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data:
  app.ini: |
    # see https://docs.acme.io/config
    [analytics]
    reporting_enabled = true
    check_for_updates = true
`;

const texts = {
  "values.yaml": "telemetry: {enabled: true}\nupdates: {check: true}\n",
  "templates/pod.yaml": pod,
  "templates/conf.yaml": config,
};

describe("what reaches outside", () => {
  it("is named with its place, and with the value that was seen to turn it off", async () => {
    const { egress } = await repointTexts(texts);
    expect(egress.map(({ what, object, file, off }) => [what, object, file, off?.path])).toEqual([
      ["usage.acme.io", "Pod/web", "templates/pod.yaml", "telemetry.enabled"],
      ["CHECK_FOR_UPDATES", "Pod/web", "templates/pod.yaml", "updates.check"],
      ["plugins.acme.io", "Pod/web", "templates/pod.yaml", undefined],
      ["check_for_updates", "ConfigMap/conf", "templates/conf.yaml", undefined],
    ]);
  });

  it("is switched off by nothing that is not a comment", async () => {
    const found = await repointTexts(texts);
    expect(linesOf(found)).toEqual(["{}"]);
    expect(found.text).toContain(
      "# Seen to turn some of it off; nothing was switched off for you:\n# telemetry:\n#   enabled: false\n",
    );
  });

  it("is nothing that the chart itself serves, switches off, or has for people and databases", async () => {
    const { egress } = await repointTexts({
      "templates/a.yaml": `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {rules: [{host: shop.acme.io}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data:
  url: https://shop.acme.io/login
  peer: http://prometheus.shop-monitoring:9090
  app.yaml: |
    slack: {enabled: false, url: "https://hooks.slack.com/services/X"}
    sync: {enabled: true, url: "https://sync.acme.io"}
    $schema: https://schemas.acme.io/app.json
  demo.sql: |
    INSERT INTO links VALUES ('https://pictures.acme.io/1.png');
  board.json: |
    {"panels": [{"content": "https://board.acme.io"}], "schemaVersion": 36}
  setup.py: |
    x = 1  # see https://questions.acme.io/1
    <!-- https://notes.acme.io -->
  DISABLE_TELEMETRY: "true"
  OTEL_EXPERIMENTAL_TELEMETRY_ENABLED: "true"
  disable-update-check: "false"
`,
    });
    expect(egress.map(({ what, where }) => [what, where])).toEqual([
      ["sync.acme.io", "data.app.yaml.sync.url"],
      ["disable-update-check", "data.disable-update-check"],
    ]);
  });

  it("is a part of the chart that calls home, too", async () => {
    const { egress } = await repointTexts({
      "values.yaml": "replicated: {enabled: true}\n",
      "templates/a.yaml": `{{ if .Values.replicated.enabled }}apiVersion: v1
kind: Secret
metadata: {name: sdk}
stringData: {endpoint: "https://replicated.app"}
{{ end }}`,
    });
    expect(egress).toMatchObject([
      { what: "replicated.app", off: { path: "replicated.enabled", value: false } },
    ]);
  });
});
