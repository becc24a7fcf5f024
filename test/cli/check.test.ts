import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { packedChart } from "../../fixtures/charts.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { dray } from "./terminal.ts";

const keys = await mkdtemp(join(tmpdir(), "dray-test-"));
const key = join(keys, "release.pub");
await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
afterAll(() => rm(keys, { recursive: true }));

const TEMPLATE = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: main, image: "ghcr.io/acme/web:{{ .Values.tag }}"}
`;

async function bundle(more: Readonly<Record<string, string>> = {}): Promise<string> {
  const texts = { "values.yaml": 'tag: "2.0"\n', "templates/web.yaml": TEMPLATE, ...more };
  const { path } = await makeBundle({
    images: { "ghcr.io/acme/web:2.0": makeImage([makeLayer("web", 500)]) },
    charts: [{ tgz: packedChart(texts, { name: "shop" }) }],
  });
  return path;
}

describe("dray check", () => {
  it("says that everything is there: 0", async () => {
    const { code, stdout } = await dray(["check", await bundle(), "--key", key]);
    expect(code).toBe(0);
    expect(stdout).toContain("shop 1.0.0: 1 of 1 needed image here");
    expect(stdout).toContain("Good: every image that the charts will pull is in the bundle.");
  });

  it("names what is missing with these values, and why: 3", async () => {
    const flags = ["--key", key, "--set-string", "tag=2.1"];
    const { code, stdout } = await dray(["check", await bundle(), ...flags]);
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /Needed by shop 1.0.0:\n {2}needed {2}ghcr.io\/acme\/web:2.1\n {4}not in the bundle, which has ghcr.io\/acme\/web:2.0 \(sha256:[0-9a-f]{64}\)\n {4}Pod\/web, container main\n/,
    );
    const json = await dray(["check", await bundle(), ...flags, "--json", "-q"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      good: false,
      charts: [{ name: "shop", needed: 1, missing: [{ image: "ghcr.io/acme/web:2.1" }] }],
    });
  });

  it("says what it has asked a registry, and what only that has: 0", async () => {
    const registry = await startRegistry();
    const { host } = registry;
    const image = makeImage([makeLayer("web", 500)]);
    await fill(registry, image, "acme/web:2.0");
    const template = TEMPLATE.replace("ghcr.io", host);
    const path = await bundle({ "templates/web.yaml": template });
    const flags = ["--key", key, "--target", host, "--ask"];
    expect(await dray(["check", path, ...flags])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(
        "Good: every image that the charts will pull is in the bundle, and where these values look for it.\n",
      ) as string,
    });
    await fill(registry, image, "acme/web:3.0");
    const { code, stdout } = await dray(["check", path, ...flags, "--set-string", "tag=3.0"]);
    expect(code).toBe(0);
    expect(stdout).toContain("shop 1.0.0: 0 of 1 needed image here\n");
    expect(stdout).toContain(
      `Needed by shop 1.0.0, not in the bundle, and in its registry by its word alone:\n  needed  ${host}/acme/web:3.0\n`,
    );
    expect(stdout).toContain("where these values look for it (the bundle lacks 1 of them).\n");
  });

  it("names the platforms that are missing: 3", async () => {
    const flags = ["--key", key, "--require-platform", "linux/arm64"];
    const { code, stdout } = await dray(["check", await bundle(), ...flags]);
    expect([code, stdout]).toEqual([
      3,
      expect.stringContaining("lacks linux/arm64, has linux/amd64"),
    ]);
  });

  it("follows values to the internal registry, by rules of its own: 0", async () => {
    const rules = join(keys, "rules.yaml");
    await writeFile(rules, "rules:\n- {from: ghcr.io/acme, to: apps}\n");
    const path = await bundle({
      "templates/web.yaml": TEMPLATE.replace("ghcr.io/acme", "{{ .Values.at }}"),
    });
    const flags = ["--key", key, "--target", "registry.internal/mirror", "--map-file", rules];
    const there = await dray([
      "check",
      path,
      ...flags,
      "--set",
      "at=registry.internal/mirror/apps",
    ]);
    expect(there.code).toBe(0);
    const other = await dray([
      "check",
      path,
      ...flags,
      "--set",
      "at=registry.internal/mirror/acme",
    ]);
    expect(other.code).toBe(3);
  });

  it("does not pass over what it could not tell: 3, or 0 with --allow-incomplete", async () => {
    const odd = TEMPLATE.replace("{{ .Values.tag }}", '{{ required "a tag is needed" .Values.x }}');
    const path = await bundle({ "templates/odd.yaml": odd });
    const { code, stdout, stderr } = await dray(["check", path, "--key", key]);
    expect(code).toBe(3);
    expect(stderr).toContain("a tag is needed");
    expect(stdout).toContain("Not known:");
    expect((await dray(["check", path, "--key", key, "--allow-incomplete"])).code).toBe(0);
  });

  it("needs a trusted signature, and a chart to check", async () => {
    expect((await dray(["check", await bundle()])).code).toBe(3);
    const none = await dray(["check", await bundle(), "--key", key, "--chart", "store"]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("only shop:1.0.0")]);
  });
});
