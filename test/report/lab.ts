import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeBundle, SIGNER, type BundleRecipe, type MadeBundle } from "../../fixtures/bundles.ts";
import { packedChart } from "../../fixtures/charts.ts";
import { makeImage, makeLayer, makeMultiArch, makeReferrer } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";

const base = makeLayer("base", 400_000);
const image = (seed: string, size: number): ReturnType<typeof makeImage> =>
  makeImage([base, makeLayer(seed, size)]);

const POD = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: main, image: "registry.example/shop/web:VERSION"}
  - {name: side, image: "registry.example/shop/sidecar:2.1"}
`;

function chart(version: string): { tgz: Buffer } {
  const yaml = `apiVersion: v2\nname: shop\nversion: ${version}\nappVersion: "${version}"\n`;
  const texts = { "Chart.yaml": yaml, "templates/web.yaml": POD.replace("VERSION", version) };
  return { tgz: packedChart(texts, { name: "shop" }) };
}

const web = image("web 1.4.0", 900_000);

/** A release as people make them, and the one before. */
const RELEASE: BundleRecipe = {
  name: "shop",
  version: "1.4.0",
  created: new Date("2026-11-20T08:00:00Z"),
  images: {
    "registry.example/shop/web:1.4.0": web,
    "registry.example/shop/sidecar:2.1": image("sidecar", 120_000),
    "registry.example/shop/jobs:1.4.0": image("jobs", 350_000),
    "docker.io/library/postgres:17": makeMultiArch("postgres", { size: 600_000 }),
    "quay.io/prometheus/node-exporter:v1.9.0": makeMultiArch("exporter", { size: 90_000 }),
    [`registry.example/shop/web@${makeReferrer(web.root.descriptor, "seen").root.descriptor.digest}`]:
      makeReferrer(web.root.descriptor, "seen"),
  },
  charts: [chart("1.4.0")],
  files: { "runbook/install.md": "# Install\n", "runbook/roll-back.md": "# Roll back\n" },
};

export const EARLIER: BundleRecipe = {
  ...RELEASE,
  version: "1.3.0",
  images: {
    "registry.example/shop/web:1.3.0": image("web 1.3.0", 880_000),
    "registry.example/shop/sidecar:2.1": image("sidecar", 120_000),
    "registry.example/shop/legacy:1.3.0": image("legacy", 50_000),
    "docker.io/library/postgres:17": makeMultiArch("postgres", { size: 600_000 }),
  },
  charts: [chart("1.3.0")],
};

/** The file of the key that has signed them. */
export async function signerFile(): Promise<string> {
  const path = join(await temporaryDirectory(), "release.pub");
  await writeFile(path, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
  return path;
}

/** The release, or another, as a file. */
export function makeRelease(recipe: BundleRecipe = RELEASE): Promise<MadeBundle> {
  return makeBundle(recipe);
}
