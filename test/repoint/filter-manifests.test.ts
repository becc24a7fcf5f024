import { describe, expect, it } from "vitest";
import { parseTarget } from "../../src/delivery/plan.ts";
import { formatReference } from "../../src/oci/reference.ts";
import {
  filterManifests,
  type FilteredManifests,
} from "../../src/repoint/manifests/filter-manifests.ts";
import type { Rename } from "../../src/repoint/manifests/rename-images.ts";
import { TargetNames } from "../../src/repoint/names.ts";
import { TARGET } from "./repointing.ts";

const names = new TargetNames({ target: parseTarget(TARGET), mapping: {} });

function filter(text: string, rename: Rename = (image) => names.of(image)): FilteredManifests {
  return filterManifests(text, rename);
}

function inBase64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** Lines that are others now, as they have become. */
function differing(before: string, { text }: FilteredManifests): string[] {
  const old = before.split("\n");
  const lines = text.split("\n");
  expect(lines).toHaveLength(old.length);
  return lines.filter((line, at) => line !== old[at]).map((line) => line.trim());
}

const EVERYTHING = `# a comment that names quay.io/acme/web:1.0

---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {was: "quay.io/acme/web:1.0"}
spec:
  template:
    spec:
      initContainers:
        - {name: init, image: "busybox", command: [sh, -c, "sleep 1"]}
      containers:
      - name: web   # the web
        image: 'quay.io/acme/web:1.0' # pinned
        args: [--sidecar-image=quay.io/acme/side:2.0, "--verbose"]
        env:
          - name: RELATED_IMAGE_JOB
            value: "ghcr.io/acme/job@sha256:${"a".repeat(64)}"
      ephemeralContainers:
      - {name: debug, image: docker.io/library/alpine:3}
--- # second
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: quay.io/acme/web:1.0}]}}}}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: one}
  spec: {containers: [{name: a, image: quay.io/acme/one:1}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: two}
  spec:
    containers:
    - name: a
      image: ${TARGET}/acme/two:1
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: p}
spec:
  image: quay.io/prometheus/prometheus:v3
  version: v3
---
apiVersion: acme.io/v1
kind: Web
metadata: {name: split}
spec:
  image:
    repository: quay.io/acme/web
    tag: "1.0"
`;

const onlyHub: Rename = (image) =>
  formatReference(image) === "docker.io/acme/web:1" ? names.of(image) : { reason: "no" };

function podOf(at: number): string {
  return `- {apiVersion: v1, kind: Pod, metadata: {name: p${at}}, spec: {containers: [{name: a, image: "quay.io/acme/web:${at}"}]}}\n`;
}

describe("filterManifests()", () => {
  it("changes the images of everything that runs something, and no other byte", () => {
    const filtered = filter(EVERYTHING);
    expect(differing(EVERYTHING, filtered)).toEqual([
      `- {name: init, image: "${TARGET}/library/busybox", command: [sh, -c, "sleep 1"]}`,
      `image: '${TARGET}/acme/web:1.0' # pinned`,
      `args: [--sidecar-image=${TARGET}/acme/side:2.0, "--verbose"]`,
      `value: "${TARGET}/acme/job@sha256:${"a".repeat(64)}"`,
      `- {name: debug, image: ${TARGET}/library/alpine:3}`,
      `jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: ${TARGET}/acme/web:1.0}]}}}}`,
      `spec: {containers: [{name: a, image: ${TARGET}/acme/one:1}]}`,
      `image: ${TARGET}/prometheus/prometheus:v3`,
      `repository: ${TARGET}/acme/web`,
    ]);
    expect(filtered.changed.map(({ object, where }) => `${object}, ${where}`)).toContain(
      "Deployment/web, container web",
    );
    expect(filtered.left.filter(({ isPulled }) => isPulled)).toEqual([]);
  });

  it("gives manifests back that need no change, byte by byte", () => {
    const { text } = filter(EVERYTHING);
    expect(filter(text).text).toBe(text);
    for (const other of ["", "\n", "# nothing\n", "---\n---\n", "a: 1\r\n"]) {
      expect(filter(other)).toEqual({ text: other, changed: [], left: [] });
    }
  });

  it("leaves what has no other name, and says why", () => {
    const pod =
      "kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: quay.io/a/b:1}]}\n";
    expect(filter(pod, () => ({ reason: "not in the bundle" }))).toEqual({
      text: pod,
      changed: [],
      left: [
        {
          object: "Pod/a",
          where: "container a",
          image: "quay.io/a/b:1",
          reason: "not in the bundle",
          isPulled: true,
        },
      ],
    });
  });

  it("tells one image from another that begins or ends like it", () => {
    const pod = `kind: Pod
metadata: {name: a}
spec:
  containers:
  - {name: a, image: "acme/web:1"}
  - {name: b, image: "quay.io/acme/web:1"}
  - {name: c, image: "acme/web:10"}
`;
    expect(differing(pod, filter(pod, onlyHub))).toEqual([
      `- {name: a, image: "${TARGET}/acme/web:1"}`,
    ]);
  });

  it("changes an anchor with all that refer to it", () => {
    const pod = `kind: Pod
metadata: {name: a}
spec:
  containers:
  - {name: a, image: &it quay.io/acme/web:1}
  - {name: b, image: *it}
`;
    expect(differing(pod, filter(pod))).toEqual([`- {name: a, image: &it ${TARGET}/acme/web:1}`]);
  });

  it("changes images in JSON with escaped slashes and in the data of Secrets, in the form they have there", () => {
    const lines = (name: string): string[] => [
      `    {"image": "${name.replaceAll("/", "\\/")}", "n": 1}`,
      `  one: ${inBase64(`image: ${name}\n`)}`,
      `  two: "${inBase64(`image: ${name}`)}"`,
    ];
    const [json = "", ...secrets] = lines("quay.io/acme/web:1.0");
    const manifests = `kind: ConfigMap
metadata: {name: a}
data:
  a.json: |
${json}
---
kind: Secret
metadata: {name: b}
data:
${secrets.join("\n")}
  other: ${inBase64("quay.io is a registry")}
`;
    const filtered = filter(manifests);
    expect(filtered.left).toEqual([]);
    const wanted = lines(`${TARGET}/acme/web:1.0`).map((line) => line.trim());
    expect(differing(manifests, filtered)).toEqual(wanted);
  });

  it("refuses what is no YAML, with its line", () => {
    expect(() => filter("a: 1\n---\nb: [\n")).toThrow(/from line 2 of standard input/);
  });

  it("changes each object of a long list", () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n${Array.from({ length: 300 }, (_, at) => podOf(at)).join("")}`;
    expect(filter(list).changed).toHaveLength(300);
  });
});
