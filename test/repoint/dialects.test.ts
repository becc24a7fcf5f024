import { describe, expect, it } from "vitest";
import { chartYaml, subchart, type ChartTexts } from "../../fixtures/charts.ts";
import { imagesWith, linesOf, repointTexts, type Wishes } from "./repointing.ts";

/** A pod whose image is printed by `image`, with more lines in its container. */
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

const SPLIT =
  '"{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}"';

interface Dialect {
  readonly texts: ChartTexts;
  readonly values: readonly string[];
  readonly wishes?: Wishes;
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  "a registry beside a repository": {
    texts: {
      "values.yaml": "image: {registry: quay.io, repository: acme/web, tag: '1.0'}\n",
      "templates/a.yaml": pod(SPLIT),
    },
    values: ["image:", "  registry: registry.internal:5000/mirror"],
  },
  "a repository with its host": {
    texts: {
      "values.yaml": "image: {repository: quay.io/acme/web, tag: '1.0'}\n",
      "templates/a.yaml": pod('"{{ .Values.image.repository }}:{{ .Values.image.tag }}"'),
    },
    values: ["image:", "  repository: registry.internal:5000/mirror/acme/web"],
  },
  "one text, with tag and digest": {
    texts: {
      "values.yaml": `web:\n  image: quay.io/acme/web:1.0@sha256:${"a".repeat(64)}\n`,
      "templates/a.yaml": pod("{{ .Values.web.image }}"),
    },
    values: [
      "web:",
      `  image: registry.internal:5000/mirror/acme/web:1.0@sha256:${"a".repeat(64)}`,
    ],
  },
  "a name of Docker Hub without a path": {
    texts: {
      "values.yaml": "image: {repository: nginx, tag: '1.27'}\n",
      "templates/a.yaml": pod('"{{ .Values.image.repository }}:{{ .Values.image.tag }}"'),
    },
    values: ["image:", "  repository: registry.internal:5000/mirror/library/nginx"],
  },
  "a registry that is empty unless set": {
    texts: {
      "values.yaml": "image: {registry: '', repository: acme/web, tag: '1.0'}\n",
      "templates/a.yaml": pod(
        '"{{ with .Values.image.registry }}{{ . }}/{{ end }}{{ .Values.image.repository }}:{{ .Values.image.tag }}"',
      ),
    },
    values: ["image:", "  repository: registry.internal:5000/mirror/acme/web"],
  },
  "a repository that is empty unless set": {
    texts: {
      "values.yaml": "image: {repository: '', tag: '1.0'}\n",
      "templates/a.yaml": pod(
        '"{{ default "quay.io/acme/web" .Values.image.repository }}:{{ .Values.image.tag }}"',
      ),
    },
    values: ["image:", "  repository: registry.internal:5000/mirror/acme/web"],
  },
  "a repository with a flavor behind it": {
    texts: {
      "values.yaml":
        "azure: {enabled: false}\noperator: {image: {override: '', repository: quay.io/acme/operator, tag: '1.0'}}\n",
      "templates/a.yaml": pod(
        '"{{ with .Values.operator.image }}{{ if .override }}{{ .override }}{{ else }}{{ .repository }}-{{ ternary "azure" "generic" $.Values.azure.enabled }}:{{ .tag }}{{ end }}{{ end }}"',
      ),
    },
    values: [
      "operator:",
      "  image:",
      "    repository: registry.internal:5000/mirror/acme/operator",
    ],
  },
  "an object that has a hash of what is in it in its name": {
    texts: {
      "values.yaml": "image: {repository: quay.io/acme/web, tag: '1.0'}\n",
      "templates/a.yaml": pod('"{{ .Values.image.repository }}:{{ .Values.image.tag }}"', {
        name: "job-{{ .Values.image | toString | sha256sum | trunc 10 }}",
      }),
    },
    values: ["image:", "  repository: registry.internal:5000/mirror/acme/web"],
  },
  "one text in the place of all parts": {
    texts: {
      "values.yaml": "image: {account: '123', domain: amazonaws.com, override: ''}\n",
      "templates/a.yaml": pod(
        '"{{ if .Values.image.override }}{{ .Values.image.override }}{{ else }}{{ .Values.image.account }}.dkr.ecr.eu-west-1.{{ .Values.image.domain }}/web:1.0{{ end }}"',
      ),
    },
    values: ["image:", "  override: registry.internal:5000/mirror/web:1.0"],
  },
  "an open key in the place of the private one that holds the default": {
    texts: {
      "values.yaml": "_defaults: {global: {hub: quay.io/acme}}\n",
      "templates/a.yaml":
        '{{ $defaults := .Values._defaults }}{{ $_ := unset .Values "_defaults" }}{{ $_ := set $ "Values" (mustMergeOverwrite $defaults .Values) }}' +
        pod('"{{ .Values.global.hub }}/web:1.0"'),
    },
    values: ["global:", "  hub: registry.internal:5000/mirror/acme"],
  },
  "a global registry in the place of one that only a template knows": {
    texts: {
      "values.yaml": "global: {imageRegistry: null}\n",
      "templates/a.yaml": pod(
        '"{{ .Values.global.imageRegistry | default "quay.io" }}/acme/web:1.0"',
      ),
    },
    values: ["global:", "  imageRegistry: registry.internal:5000/mirror"],
  },
  "an organization with its registry that only a template knows": {
    texts: {
      "templates/_image.tpl":
        '{{ define "image" }}{{ printf "%s/%s" (.Values.registry | default "ghcr.io/acme") "web" }}{{ end }}',
      "templates/a.yaml": pod('{{ include "image" . }}:1.0'),
    },
    values: ["registry: registry.internal:5000/mirror/acme"],
  },
  "an image of Docker's library beside one that is none": {
    texts: {
      "values.yaml": "registry: docker.io\nweb: nginx\nside: acme/side\n",
      "templates/a.yaml": pod('"{{ .Values.registry }}/{{ .Values.web }}:1.0"', {
        more: '  - {name: side, image: "{{ .Values.registry }}/{{ .Values.side }}:2.0"}\n',
      }),
    },
    values: ["registry: registry.internal:5000/mirror", "web: library/nginx"],
  },
  "a registry with the slash in it": {
    texts: {
      "values.yaml": "registry: quay.io/\nname: acme/web\ntag: '1.0'\n",
      "templates/a.yaml": pod('"{{ .Values.registry }}{{ .Values.name }}:{{ .Values.tag }}"'),
    },
    values: ["registry: registry.internal:5000/mirror/"],
  },
  "registry, organization and name, where the names are flattened": {
    texts: {
      "values.yaml": "registry: quay.io\nimageNamespace: acme\nimage: {name: web, tag: '1.0'}\n",
      "templates/a.yaml": pod(
        '"{{ .Values.registry }}/{{ .Values.imageNamespace }}/{{ .Values.image.name }}:{{ .Values.image.tag }}"',
      ),
    },
    wishes: { mapping: { mode: "flatten" } },
    values: ["imageNamespace: mirror", "registry: registry.internal:5000"],
  },
  "an argument in a list, which is set as a whole": {
    texts: {
      "values.yaml":
        "image: quay.io/acme/web:1.0\nargs: [--verbose, --helper-image=quay.io/acme/helper:2.0]\n",
      "templates/a.yaml": pod("{{ .Values.image }}", {
        more: "    args: {{ toYaml .Values.args | nindent 4 }}\n",
      }),
    },
    values: [
      "args:",
      "  - --verbose",
      "  - --helper-image=registry.internal:5000/mirror/acme/helper:2.0",
      "image: registry.internal:5000/mirror/acme/web:1.0",
    ],
  },
  "a table by name": {
    texts: {
      "values.yaml":
        "images:\n  my.web: {image: quay.io/acme/web, tag: '1.0'}\n  db: {image: quay.io/acme/db, tag: '2.0'}\n",
      "templates/a.yaml":
        "{{ range $name, $one := .Values.images }}---\n" +
        pod('"{{ $one.image }}:{{ $one.tag }}"', { name: "{{ $name }}" }) +
        "{{ end }}",
    },
    values: [
      "images:",
      "  db:",
      "    image: registry.internal:5000/mirror/acme/db",
      "  my.web:",
      "    image: registry.internal:5000/mirror/acme/web",
    ],
  },
  "a variable of the environment": {
    texts: {
      "values.yaml": "image: quay.io/acme/web:1.0\nrunnerImage: quay.io/acme/runner:3.0\n",
      "templates/a.yaml": pod("{{ .Values.image }}", {
        more: "    env: [{name: RUNNER_IMAGE, value: {{ .Values.runnerImage | quote }}}]\n",
      }),
    },
    values: [
      "image: registry.internal:5000/mirror/acme/web:1.0",
      "runnerImage: registry.internal:5000/mirror/acme/runner:3.0",
    ],
  },
  "a key below a table that is not there": {
    texts: {
      "values.yaml": "name: web\n",
      "templates/a.yaml": `{{ $image := .Values.image | default dict }}${pod(
        '{{ $image.registry | default "quay.io" }}/{{ $image.repository | default "acme/web" }}:1.0',
      )}`,
    },
    values: ["image:", "  registry: registry.internal:5000/mirror"],
  },
  "a registry and a repository that are not there, under a name of its own": {
    texts: {
      "values.yaml": "name: web\n",
      "templates/a.yaml": `{{ $image := .Values.image | default dict }}${pod(
        '{{ $image.registry | default "quay.io" }}/{{ $image.repository | default "acme/web" }}:1.0',
      )}`,
    },
    wishes: { mapping: { mode: "flatten" } },
    values: ["image:", "  registry: registry.internal:5000/mirror", "  repository: web"],
  },
  "a key that only a part of a template looks for that is left out": {
    texts: {
      "values.yaml": "name: web\n",
      "templates/a.yaml": pod(
        '"{{ with .Values.image }}{{ .registry }}/acme/web{{ else }}quay.io/acme/web{{ end }}:1.0"',
      ),
    },
    values: ["image:", "  registry: registry.internal:5000/mirror"],
  },
  "a name in the place of the one that another part of a template has": {
    texts: {
      "values.yaml": "name: web\n",
      "templates/a.yaml":
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: main\n    {{- if (.Values.web).image }}\n    image: {{ .Values.web.image }}\n    {{- else }}\n    image: quay.io/acme/web:1.0\n    {{- end }}\n",
    },
    values: ["web:", "  image: registry.internal:5000/mirror/acme/web:1.0"],
  },
  "a global key that only a library digs for": {
    texts: {
      "Chart.yaml": chartYaml("demo", "dependencies: [{name: lib, version: 1.0.0}]\n"),
      "values.yaml": "services: {a: {image: web}}\n",
      "templates/a.yaml": `{{ range .Values.services }}${pod('{{ include "lib.image" (dict "root" $ "image" .image) }}')}{{ end }}`,
      ...subchart("lib", {
        "values.yaml": "{}\n",
        "templates/_image.tpl":
          '{{ define "lib.image" }}{{ dig "images" "registry" "quay.io" (.root.Values.global | default dict) }}/acme/{{ .image }}:1.0{{ end }}',
      }),
    },
    values: ["global:", "  images:", "    registry: registry.internal:5000/mirror"],
  },
  "a key of a table that a template merges with its own": {
    texts: {
      "values.yaml": "front: {image: {name: front}}\n",
      "templates/_image.tpl":
        '{{ define "image" }}{{ $own := dict "registry" "quay.io" "org" "acme" }}{{ $all := mergeOverwrite $own (deepCopy .) }}{{ $all.registry }}/{{ $all.org }}/{{ $all.name }}:1.0{{ end }}',
      "templates/a.yaml": pod('{{ include "image" .Values.front.image }}'),
    },
    values: ["front:", "  image:", "    registry: registry.internal:5000/mirror"],
  },
  "an entry that is called like no registry, in a table that is not there": {
    texts: {
      "values.yaml": "name: web\n",
      "templates/a.yaml": pod(
        '"{{ index (.Values.mirrors | default dict) "quay" | default "quay.io" }}/acme/web:1.0"',
      ),
    },
    values: ["mirrors:", "  quay: registry.internal:5000/mirror"],
  },
  "a template among the values": {
    texts: {
      "values.yaml": "hub: quay.io/acme\nimage: '{{ .Values.hub }}/web:1.0'\n",
      "templates/a.yaml": pod("{{ tpl .Values.image . }}"),
    },
    values: ["hub: registry.internal:5000/mirror/acme"],
  },
  "a file among the values": {
    texts: {
      "values.yaml": "config: |\n  sidecar:\n    image: quay.io/acme/proxy:1.0\n  port: 1\n",
      "templates/a.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  config.yaml: |\n{{ .Values.config | indent 4 }}\n",
    },
    values: [
      'config: "sidecar:\\n  image: registry.internal:5000/mirror/acme/proxy:1.0\\nport: 1\\n"',
    ],
  },
  "a custom resource with an image of its own": {
    texts: {
      "values.yaml": "image: {repository: quay.io/acme/web, tag: '1.0'}\n",
      "templates/a.yaml":
        "apiVersion: acme.io/v1\nkind: Web\nmetadata: {name: a}\nspec:\n  image:\n    repository: {{ .Values.image.repository }}\n    tag: {{ .Values.image.tag | quote }}\n",
    },
    values: ["image:", "  repository: registry.internal:5000/mirror/acme/web"],
  },
  "a subchart under an alias": {
    texts: {
      "Chart.yaml": chartYaml(
        "demo",
        "dependencies: [{name: web, version: 1.0.0, alias: front}, {name: web, version: 1.0.0, alias: back}]\n",
      ),
      "values.yaml": "back: {image: {tag: '2.0'}}\n",
      ...subchart("web", {
        "values.yaml": "image: {repository: quay.io/acme/web, tag: '1.0'}\n",
        "templates/a.yaml": pod('"{{ .Values.image.repository }}:{{ .Values.image.tag }}"'),
      }),
    },
    values: [
      "back:",
      "  image:",
      "    repository: registry.internal:5000/mirror/acme/web",
      "front:",
      "  image:",
      "    repository: registry.internal:5000/mirror/acme/web",
    ],
  },
  "a subchart that is switched off": {
    texts: {
      "Chart.yaml": chartYaml(
        "demo",
        "dependencies: [{name: web, version: 1.0.0, condition: web.enabled}]\n",
      ),
      "values.yaml": "web: {enabled: false}\nimage: quay.io/acme/main:1.0\n",
      "templates/a.yaml": pod("{{ .Values.image }}"),
      ...subchart("web", {
        "values.yaml": "image: {repository: quay.io/acme/web, tag: '1.0'}\n",
        "templates/a.yaml": pod('"{{ .Values.image.repository }}:{{ .Values.image.tag }}"'),
      }),
    },
    values: [
      "image: registry.internal:5000/mirror/acme/main:1.0",
      "web:",
      "  image:",
      "    repository: registry.internal:5000/mirror/acme/web",
    ],
  },
  "the user's own values": {
    texts: {
      "values.yaml": "image: quay.io/acme/web:1.0\n",
      "templates/a.yaml": pod("{{ .Values.image }}"),
    },
    wishes: { values: "image: ghcr.io/other/web:3.0\n" },
    values: ["image: registry.internal:5000/mirror/other/web:3.0"],
  },
};

describe("the values found for", () => {
  it.each(Object.entries(DIALECTS))("%s", async (_name, { texts, values, wishes }) => {
    const found = await repointTexts(texts, wishes);
    expect(linesOf(found)).toEqual(values);
    expect(found.images.filter(({ moved }) => !moved)).toEqual([]);
    expect(found.problems).toEqual([]);
  });

  const one = Object.entries(DIALECTS).filter(([, { wishes = {} }]) => wishes.values === undefined);
  it.each(one)(
    "%s: without any one of them an image has another name",
    async (_name, { texts, wishes }) => {
      const { edits, images: proven } = await repointTexts(texts, wishes);
      const targets = new Set(proven.map(({ target }) => target));
      const isOff = (texts["values.yaml"] ?? "").includes("enabled: false");
      const switchedOn = isOff ? "web: {enabled: true}\n" : "";
      // What a list holds is set as a whole.
      const single = edits.filter(({ path }) => path.every((key) => !/^\d+$/.test(key)));
      for (const left of single) {
        const others = edits.filter((edit) => edit !== left);
        const values = others.map(({ path, value }) =>
          JSON.stringify(path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)),
        );
        const images = await imagesWith(texts, switchedOn, ...values);
        expect(images.filter((image) => !targets.has(image))).not.toEqual([]);
      }
    },
  );
});
