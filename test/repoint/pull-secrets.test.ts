import { describe, expect, it } from "vitest";
import { globalChart, perPartChart } from "../../fixtures/umbrella-charts.ts";
import { linesOf, repointTexts, TARGET } from "./repointing.ts";

const pullSecret = "pull-here";

function pod(name: string, more: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n${more}  containers:\n  - {name: main, image: "${TARGET}/acme/web:1.0"}\n`;
}

/** What an operator makes something of. */
function resource(kind: string, name: string, spec: string): string {
  return `apiVersion: acme.example/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec:\n${spec}`;
}

describe("the values that give workloads a secret", () => {
  it("take a global list of texts where it reaches, and the list of tables of the one part that ignores it", async () => {
    const found = await repointTexts(globalChart(), { pullSecret });
    expect(linesOf(found)).toEqual([
      "global:",
      "  imagePullSecrets:",
      "    - pull-here",
      `  imageRegistry: ${TARGET}`,
      "search:",
      "  search-exporter:",
      "    image:",
      `      repository: ${TARGET}/exporters/search_exporter`,
      "    imagePullSecrets:",
      "      - name: pull-here",
    ]);
    expect(found.workloads.map(({ object, hasSecret }) => [object, hasSecret])).toEqual([
      ["Deployment/exporter", true],
      ["Deployment/search", true],
      ["Deployment/server", true],
      ["Deployment/wait", true],
    ]);
  });

  it("are found under a key with dashes", async () => {
    const { secretEdits } = await repointTexts(
      {
        "values.yaml": "log-shipper: {pull-secrets: []}\n",
        "templates/a.yaml": pod(
          "web",
          '  imagePullSecrets: {{ toJson (index .Values "log-shipper" "pull-secrets") }}\n',
        ),
      },
      { pullSecret },
    );
    expect(secretEdits.map(({ path }) => path.join("."))).toEqual(["log-shipper.pull-secrets"]);
  });

  it("reach each part, those that are switched off, and what an operator hands on", async () => {
    const { secretEdits } = await repointTexts(perPartChart(`sha256:${"d".repeat(64)}`), {
      pullSecret,
    });
    expect(secretEdits.map(({ path, serves }) => [path.join("."), serves])).toEqual([
      ["manager.operator.imagePullSecrets", ["Deployment/operator"]],
      ["manager.operator.defaultImagePullSecrets", ["Deployment/operator"]],
      ["global.imagePullSecrets", ["Deployment/analyzer"]],
      ["cloud-ui.imagePullSecrets", ["Deployment/ui"]],
    ]);
  });

  const unnamed: Readonly<Record<string, { values: string; lines: string; path: string }>> = {
    "below a table that is not there": {
      values: "name: web\n",
      lines:
        "{{ with (.Values.image).pullSecrets }}  imagePullSecrets:\n{{ range . }}  - name: {{ . }}\n{{ end }}{{ end }}",
      path: "image.pullSecrets",
    },
    "that a template digs for among the globals": {
      values: "name: web\n",
      lines:
        '{{ with dig "pod" "secrets" list (.Values.global | default dict) }}  imagePullSecrets: {{ toJson . }}\n{{ end }}',
      path: "global.pod.secrets",
    },
    "of a table that a template merges with its own": {
      values: "front: {replicas: 1}\n",
      lines:
        '{{ $all := mergeOverwrite (dict "imagePullSecrets" list) (deepCopy .Values.front) }}{{ with $all.imagePullSecrets }}  imagePullSecrets: {{ toJson . }}\n{{ end }}',
      path: "front.imagePullSecrets",
    },
    "with any name": {
      values: "login: {existing: ''}\n",
      lines: "{{ with .Values.login.existing }}  imagePullSecrets: [{name: {{ . }}}]\n{{ end }}",
      path: "login.existing",
    },
    "that is one table": {
      values: "imagePullSecrets: {}\n",
      lines:
        "{{ with .Values.imagePullSecrets }}  imagePullSecrets: [{name: {{ .name }}}]\n{{ end }}",
      path: "imagePullSecrets",
    },
    "of a table that is printed as the pod": {
      values: "pod: {spec: {nodeName: one, containers: []}}\n",
      lines: '  {{- toYaml (omit .Values.pod.spec "containers") | nindent 2 }}\n',
      path: "pod.spec.imagePullSecrets",
    },
  };

  it.each(Object.entries(unnamed))(
    "are found under a key %s",
    async (_name, { values, lines, path }) => {
      const texts = { "values.yaml": values, "templates/a.yaml": pod("web", lines) };
      const { secretEdits, workloads } = await repointTexts(texts, { pullSecret });
      expect(secretEdits.map((edit) => edit.path.join("."))).toEqual([path]);
      expect(workloads).toMatchObject([{ object: "Pod/web", hasSecret: true }]);
    },
  );

  it("keep the secrets that are there", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "imagePullSecrets: [{name: other}]\n",
        "templates/a.yaml": pod(
          "a",
          "  imagePullSecrets: {{ toYaml .Values.imagePullSecrets | nindent 4 }}\n",
        ),
      },
      { pullSecret },
    );
    expect(linesOf(found)).toEqual(["imagePullSecrets:", "  - name: other", "  - name: pull-here"]);
  });

  it("count what a service account has for the pods that run under it", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "serviceAccount: {imagePullSecrets: []}\n",
        "templates/account.yaml":
          "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: runner}\nimagePullSecrets: {{ toYaml .Values.serviceAccount.imagePullSecrets | nindent 2 }}\n",
        "templates/a.yaml": pod("a", "  serviceAccountName: runner\n"),
      },
      { pullSecret },
    );
    expect(linesOf(found)).toEqual([
      "serviceAccount:",
      "  imagePullSecrets:",
      "    - name: pull-here",
    ]);
    expect(found.workloads).toMatchObject([{ object: "Pod/a", hasSecret: true }]);
  });

  it("take the form that gives it to pods, where something else takes any", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "_defaults: {global: {imagePullSecrets: []}}\n",
        "templates/_merge.tpl":
          '{{ define "merge" }}{{ $_ := set $ "Values" (mustMergeOverwrite (deepCopy .Values._defaults) .Values) }}{{ end }}',
        "templates/account.yaml":
          '{{ include "merge" . }}{{ with .Values.global.imagePullSecrets }}apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: runner}\nimagePullSecrets:\n{{ range . }}- name: {{ . }}\n{{ end }}{{ end }}',
        "templates/config.yaml":
          '{{ include "merge" . }}apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values}\ndata: {values: {{ .Values.global | toJson | quote }}}\n',
        "templates/a.yaml": pod("a", "  serviceAccountName: runner\n"),
      },
      { pullSecret },
    );
    expect(linesOf(found)).toEqual(["global:", "  imagePullSecrets:", "    - pull-here"]);
    expect(found.workloads).toMatchObject([{ object: "Pod/a", hasSecret: true }]);
  });

  it("come with an empty table of globals where a template fails without one", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "imagePullSecrets: []\n",
        "templates/a.yaml": pod(
          "a",
          "{{ if .Values.imagePullSecrets }}  imagePullSecrets:\n{{ range .Values.global.imagePullSecrets }}  - name: {{ . }}\n{{ end }}{{ range .Values.imagePullSecrets }}  - name: {{ . }}\n{{ end }}{{ end }}",
        ),
      },
      { pullSecret },
    );
    expect(linesOf(found)).toEqual(["global: {}", "imagePullSecrets:", "  - pull-here"]);
  });

  it("are a text where one is wanted", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "image: {pullSecret: ''}\n",
        "templates/a.yaml": pod(
          "a",
          "{{ with .Values.image.pullSecret }}  imagePullSecrets: [{name: {{ . }}}]\n{{ end }}",
        ),
      },
      { pullSecret },
    );
    expect(linesOf(found)).toEqual(["image:", "  pullSecret: pull-here"]);
  });

  it("are a text in the place of an empty table, under another name", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "private: {registrySecret: {}}\n",
        "templates/a.yaml": pod(
          "a",
          "{{ with .Values.private.registrySecret }}  imagePullSecrets: [{name: {{ . }}}]\n{{ end }}",
        ),
      },
      { pullSecret },
    );
    expect(linesOf(found)).toEqual(["private:", "  registrySecret: pull-here"]);
  });

  it("leave out what serves nobody, and do not claim what has no value", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "imagePullSecrets: []\n",
        "templates/a.yaml": pod("a", ""),
      },
      { pullSecret },
    );
    expect(linesOf(found)).toEqual(["{}"]);
    expect(found.workloads).toMatchObject([{ object: "Pod/a", hasSecret: false }]);
  });

  it("are missed by name in custom resources of which an operator makes pods", async () => {
    const image = `image: "${TARGET}/acme/web:1.0"`;
    const found = await repointTexts(
      {
        "values.yaml": "secrets: []\n",
        "templates/a.yaml": [
          resource("Flow", "template", `  steps:\n  - {container: {${image}, command: [run]}}\n`),
          resource("Server", "own", `  serviceAccountName: server\n  ${image}\n`),
          resource(
            "Server",
            "given",
            `  ${image}\n  imagePullSecrets: {{ toJson .Values.secrets }}\n`,
          ),
          resource("Queue", "of-none", "  size: 3\n"),
        ].join("---\n"),
      },
      { pullSecret },
    );
    expect(found.workloads).toMatchObject([
      { object: "Flow/template", account: "default", hasSecret: false },
      { object: "Server/given", hasSecret: true },
      { object: "Server/own", account: "server", hasSecret: false },
    ]);
  });

  it("are missed by name in what only another setting starts", async () => {
    const found = await repointTexts(
      {
        "values.yaml": "job: {enabled: false, secrets: []}\n",
        "templates/a.yaml": pod("web", ""),
        "templates/b.yaml": `{{ if .Values.job.enabled }}${pod("job", "").replace("web:1.0", "job:1.0")}{{ end }}`,
      },
      { pullSecret },
    );
    expect(found.workloads).toMatchObject([
      { object: "Pod/web", when: [] },
      { object: "Pod/job", hasSecret: false, when: ["job.enabled=true"] },
    ]);
  });
});
