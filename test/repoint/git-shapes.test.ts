import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Dict } from "../../src/helm/template/value.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { argoApplication } from "../../src/repoint/gitops/argo.ts";
import { fluxRelease } from "../../src/repoint/gitops/flux.ts";
import type { GitRelease } from "../../src/repoint/gitops/git-release.ts";

/** Flux: a length of time. */
const interval = z.string().regex(/^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/);
const name = z.string().min(1).max(253);
const named = z.strictObject({ name });
const metadata = z.strictObject({ name, namespace: name });

/**
 * What the controllers take, as far as it is used here: the keys, required ones, enumerations and
 * patterns of their own definitions (source-controller v1, helm-controller v2, Argo CD v1alpha1).
 */
const SHAPES: Readonly<Record<string, z.ZodType>> = {
  "v1 Secret": z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata,
    stringData: z.record(z.string(), z.string()),
  }),
  "source.toolkit.fluxcd.io/v1 OCIRepository": z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata,
    spec: z.strictObject({
      interval,
      url: z.string().regex(/^oci:\/\/.*$/),
      ref: z.strictObject({ tag: z.string(), digest: z.string() }),
      layerSelector: z.strictObject({
        mediaType: z.string(),
        operation: z.enum(["extract", "copy"]),
      }),
      provider: z.enum(["generic", "aws", "azure", "gcp"]).optional(),
      secretRef: named.optional(),
      certSecretRef: named.optional(),
      insecure: z.boolean().optional(),
    }),
  }),
  "helm.toolkit.fluxcd.io/v2 HelmRelease": z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata,
    spec: z.strictObject({
      interval,
      releaseName: z.string().min(1).max(53),
      chartRef: z.strictObject({
        kind: z.enum(["OCIRepository", "HelmChart", "ExternalArtifact"]),
        name,
      }),
      valuesFrom: z.array(
        z.strictObject({
          kind: z.enum(["Secret", "ConfigMap"]),
          name,
          valuesKey: z
            .string()
            .max(253)
            .regex(/^[-._a-zA-Z0-9]+$/),
        }),
      ),
      values: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
  "argoproj.io/v1alpha1 Application": z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata,
    spec: z.strictObject({
      project: z.string(),
      destination: z.strictObject({ server: z.string(), namespace: name }),
      source: z.strictObject({
        repoURL: z.string(),
        path: z.string(),
        targetRevision: z.string(),
        helm: z.strictObject({
          releaseName: z.string(),
          valuesObject: z.record(z.string(), z.unknown()),
        }),
      }),
      syncPolicy: z.strictObject({ syncOptions: z.array(z.string()) }),
    }),
  }),
};

const DIGEST = `sha256:${"a".repeat(64)}`;

function release(changes: Partial<GitRelease> = {}): GitRelease {
  const registry = changes.registry ?? "registry.internal:5000";
  const values: Dict = new Map<string, Dict>([["image", new Map([["registry", registry]])]]);
  return {
    file: "shop",
    name: "shop",
    namespace: "shops",
    registry,
    repository: `${registry}/mirror/shop`,
    chart: { name: "shop", version: "1.0.0+build", tag: "1.0.0_build", digest: DIGEST },
    files: [{ key: "repointed.yaml", path: "shop.values.yaml" }],
    assigned: new Map(),
    values,
    pullSecret: undefined,
    ...changes,
  };
}

const RELEASES: Readonly<Record<string, GitRelease>> = {
  "without a login": release(),
  "with a secret": release({ pullSecret: "pull-here" }),
  "in ECR": release({ registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com" }),
  "over http": release({ plainHttp: true }),
  "with certificates of its own": release({
    certificates: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  }),
  "with values of the user": release({
    assigned: new Map<string, Dict | string>([["color", "yes"]]),
    files: [
      { key: "values-1.yaml", path: "../prod.yaml" },
      { key: "repointed.yaml", path: "shop.values.yaml" },
    ],
  }),
};

function objects(text: string): Record<string, unknown>[] {
  return text.split("\n---\n").map((document) => {
    const plain: unknown = JSON.parse(JSON.stringify(readYaml(document, "a document"), fromMap));
    return z.record(z.string(), z.unknown()).parse(plain);
  });
}

function fromMap(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

describe("a release for a controller", () => {
  it.each(Object.entries(RELEASES))("has its shape: %s", (_name, one) => {
    const all = [fluxRelease(one), argoApplication(one)].flatMap(objects);
    expect(all.length).toBeGreaterThanOrEqual(3);
    for (const object of all) {
      const shape = SHAPES[`${String(object["apiVersion"])} ${String(object["kind"])}`];
      expect(shape?.safeParse(object).error?.issues).toBeUndefined();
      expect(shape).toBeDefined();
    }
  });
});
