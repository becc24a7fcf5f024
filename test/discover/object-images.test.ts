import { describe, expect, it } from "vitest";
import { seeObject } from "../../src/discover/object-images.ts";
import type { Dict } from "../../src/helm/template/value.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { formatReference } from "../../src/oci/reference.ts";

/** `certainty image where` for each image seen, `miss where` for each place without one. */
function seen(yaml: string): string[] {
  const lines: string[] = [];
  seeObject(readYaml(yaml, "an object") as Dict, {
    see: ({ certainty, image, where, off }) =>
      lines.push(
        `${certainty} ${formatReference(image.reference)} ${where}${off === undefined ? "" : ` off ${off}`}`,
      ),
    miss: ({ where, text }) => lines.push(`miss ${JSON.stringify(text)} ${where}`),
  });
  return lines;
}

const pod = (containers: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n${containers}`;

const configMap = (data: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n${data}`;

describe("a workload", () => {
  it("shows the images of its containers, whatever they are called", () => {
    const spec =
      "containers: [{name: a, image: busybox}]\ninitContainers: [{name: b, image: 'x/y:1'}]\nephemeralContainers: [{name: c, image: 'x/z:1'}]";
    const yaml = `kind: CronJob\napiVersion: batch/v1\nspec: {jobTemplate: {spec: {template: {spec: {${spec.replaceAll("\n", ", ")}}}}}}\n`;
    expect(seen(yaml)).toEqual([
      "proven docker.io/library/busybox:latest container a",
      "proven docker.io/x/y:1 init container b",
      "proven docker.io/x/z:1 ephemeral container c",
    ]);
  });

  it("says which container has no image that can be read", () => {
    expect(
      seen(
        pod(
          '    - {name: a, image: ""}\n    - {name: b, image: "x:"}\n    - {name: c, image: auto}',
        ),
      ),
    ).toEqual(['miss "" container a', 'miss "x:" container b', 'miss "auto" container c']);
  });

  it("shows images in arguments, attached or behind their flag, in parts or in scripts", () => {
    const args = [
      "--image=quay.io/a/b:v1",
      "--executor-image",
      "quay.io/a/c:v1",
      "--config=quay.io/a/d:v1",
      "--side-image-repository=quay.io/a/e",
      "--side-image-tag=v1",
      "run quay.io/a/f:v1 now",
      "--image-pull-policy=Always",
      "--listen=example.com:8080/x",
    ];
    expect(seen(pod(`    - {name: a, image: x, args: ${JSON.stringify(args)}}`)).slice(1)).toEqual([
      "likely quay.io/a/f:v1 command line",
      "likely quay.io/a/b:v1 argument --image",
      "likely quay.io/a/c:v1 argument --executor-image",
      "likely quay.io/a/d:v1 argument --config",
      "likely quay.io/a/e:v1 arguments --side-image-repository, --side-image-tag",
    ]);
  });

  it("shows images behind a flag within a script of one line or several", () => {
    const script = "set -e\nkubectl run x --rm --image 'own/tool:2' -- true\n";
    const args = ["kubectl run t --image=own/tool:1 --image-pull-policy=Always", script];
    expect(seen(pod(`    - {name: a, image: x, args: ${JSON.stringify(args)}}`)).slice(1)).toEqual([
      "likely docker.io/own/tool:1 flag --image in a script",
      "likely docker.io/own/tool:2 flag --image in a script",
    ]);
  });

  it("shows images in the environment, one each, as a list, as a map, or in parts", () => {
    const env = [
      ["RELATED_IMAGE_A", "quay.io/a/b:v1"],
      ["KAFKA_IMAGES", "4.1=quay.io/k/k:1-4.1\\n4.2=quay.io/k/k:1-4.2"],
      ["X_IMAGE_REPOSITORY", "quay.io/a/c"],
      ["X_IMAGE_TAG", "v1"],
      ["URL", "https://quay.io/a/d:v1"],
      ["IMAGE_PULL_POLICY", "Always"],
    ];
    const lines = env.map(([name, value]) => `{name: ${name}, value: "${value}"}`).join(", ");
    expect(seen(pod(`    - {name: a, image: x, env: [${lines}]}`)).slice(1)).toEqual([
      "likely quay.io/a/b:v1 environment RELATED_IMAGE_A",
      "likely quay.io/k/k:1-4.1 environment KAFKA_IMAGES",
      "likely quay.io/k/k:1-4.2 environment KAFKA_IMAGES",
      "likely quay.io/a/c:v1 environment X_IMAGE_REPOSITORY, X_IMAGE_TAG",
    ]);
  });
});

describe("a custom resource", () => {
  it("shows images under a name that speaks of one, in parts, and in containers of its own", () => {
    const yaml = `
apiVersion: example.com/v1
kind: Cluster
metadata: {name: x, labels: {image: "not/this:1.0"}}
spec:
  imageName: ghcr.io/pg/postgresql:16
  driver: {repository: nvcr.io/nvidia, image: driver, version: "1.2"}
  templates:
  - container: {image: alpine, command: [sh]}
  fallback: quay.io/a/b:v1
  imagePullPolicy: Always
status: {images: ["quay.io/a/c:v1"]}
`;
    expect(seen(yaml)).toEqual([
      "likely ghcr.io/pg/postgresql:16 field spec.imageName",
      "likely nvcr.io/nvidia/driver:1.2 fields spec.driver.repository, spec.driver.image, spec.driver.version",
      "proven docker.io/library/alpine:latest container",
      "possible quay.io/a/b:v1 field spec.fallback",
    ]);
  });

  it("shows what its steps and sidecars run, by any tag or none", () => {
    const spec =
      "{steps: [{image: alpine, name: a}, {image: bash, script: x}], sidecars: [{name: d, image: 'docker:dind'}]}";
    expect(seen(`apiVersion: tekton.dev/v1\nkind: Task\nspec: ${spec}\n`)).toEqual([
      "proven docker.io/library/alpine:latest container a",
      "proven docker.io/library/bash:latest container",
      "proven docker.io/library/docker:dind container d",
    ]);
  });

  it("says of an image that a setting beside it is off", () => {
    const yaml =
      "apiVersion: a/v1\nkind: A\nspec: {gds: {enabled: false, image: 'quay.io/a/b:v1'}}\n";
    expect(seen(yaml)).toEqual([
      "likely quay.io/a/b:v1 field spec.gds.image off spec.gds.enabled=true",
    ]);
  });

  it("shows a name without a tag only as a possibility", () => {
    expect(seen("apiVersion: a/v1\nkind: A\nspec: {image: quay.io/a/b}\n")).toEqual([
      "possible quay.io/a/b:latest field spec.image",
    ]);
  });
});

describe("a ConfigMap or Secret", () => {
  it("shows images in its entries, in the YAML and JSON that they hold, and in other texts", () => {
    const yaml = configMap(`  scanner.repository: ghcr.io/a/scanner
  scanner.tag: "0.5"
  ref: quay.io/a/b:v1
  values: '{"hub": "docker.io/istio", "tag": "1.2", "proxy": {"image": "proxyv2"}}'
  app.yaml: |
    sidecar: {image: "quay.io/a/c:v1"}
    extra: {enabled: false, image: "quay.io/a/d:v1"}
  config.toml: |
    [runner]
      helper_image = "quay.io/a/e:v1"
      # image = "quay.io/a/f:v1"
      note = "see quay.io/a/g:v1"
`);
    expect(seen(yaml)).toEqual([
      "likely quay.io/a/b:v1 data ref",
      "likely ghcr.io/a/scanner:0.5 data scanner.repository, scanner.tag",
      "likely docker.io/istio/proxyv2:1.2 data values, fields proxy.image",
      "likely quay.io/a/c:v1 data app.yaml, field sidecar.image",
      "likely quay.io/a/d:v1 data app.yaml, field extra.image off extra.enabled=true",
      "likely quay.io/a/e:v1 data config.toml, helper_image",
      "possible quay.io/a/g:v1 data config.toml",
    ]);
  });

  it("is read where it is encoded", () => {
    const text = Buffer.from("image: quay.io/a/b:v1\nx: 1\n").toString("base64");
    expect(seen(`apiVersion: v1\nkind: Secret\ndata: {conf: ${text}}\n`)).toEqual([
      "likely quay.io/a/b:v1 data conf, field image",
    ]);
  });

  it("shows nothing of dashboards, rules and descriptions", () => {
    const yaml =
      configMap(`  dashboard.json: '{"title": "Image sizes", "expr": "container_image{image!=\\"\\"}", "image": "logo.png"}'
  rule: 'node_image_x:1.2 > 5'
  link: https://registry.example.com/a/b:v1
  api: apps.example.com/v1
`);
    expect(seen(yaml)).toEqual([]);
  });
});

describe("a definition of custom resources", () => {
  it("shows only the images that its fields default to", () => {
    const yaml = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: x}
spec:
  versions:
  - schema:
      openAPIV3Schema:
        properties:
          image: {type: string, description: "for example quay.io/a/b:v1", default: "quay.io/a/c:v1"}
          name: {type: string, default: "quay.io/a/d:v1"}
`;
    expect(seen(yaml)).toEqual(["default quay.io/a/c:v1 default of image"]);
  });
});
