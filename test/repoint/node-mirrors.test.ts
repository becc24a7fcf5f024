import { describe, expect, it } from "vitest";
import { parseReference } from "../../src/oci/reference.ts";
import type { MovedImage } from "../../src/repoint/mapping-file.ts";
import type { NodeConnection } from "../../src/repoint/node-trust.ts";
import { nodeFiles } from "../../src/repoint/node-mirrors.ts";

const moved = (from: string, to: string): MovedImage => ({
  from: parseReference(from),
  to: parseReference(to),
});

const KEPT = [
  moved("quay.io/acme/web:1.0", "registry.internal:5000/mirror/acme/web:1.0"),
  moved("docker.io/library/nginx:1.27", "registry.internal:5000/mirror/library/nginx:1.27"),
];
const FLAT = [
  moved("quay.io/acme/web:1.0", "registry.internal:5000/web:1.0"),
  moved("quay.io/other/db:1.0", "registry.internal:5000/db:1.0"),
];

describe("nodeFiles()", () => {
  it("leads containerd from each host to the target, under the name that images have there", () => {
    const { files, left } = nodeFiles(KEPT, "containerd");
    expect(left).toEqual([]);
    expect(files.map(({ path }) => path)).toEqual([
      "certs.d/docker.io/hosts.toml",
      "certs.d/quay.io/hosts.toml",
    ]);
    expect(files[0]?.text).toContain(
      'server = "https://registry-1.docker.io"\n\n[host."https://registry.internal:5000/v2/mirror"]\n',
    );
  });

  it("says which images containerd cannot be led to, as it renames none", () => {
    expect(nodeFiles(FLAT, "containerd")).toEqual({ files: [], left: FLAT });
  });

  it("names each repository where a runtime can rename it", () => {
    const [crio, k3s, openshift] = (["cri-o", "k3s", "openshift"] as const).map(
      (runtime) => nodeFiles(FLAT, runtime).files[0]?.text,
    );
    expect(crio).toContain('prefix = "quay.io/acme/web"');
    expect(crio).toContain('[[registry.mirror]]\nlocation = "registry.internal:5000/web"');
    expect(k3s).toContain("^acme/web$: web");
    expect(openshift).toContain("kind: ImageTagMirrorSet");
  });

  it("reaches a target over http, or with certificates of its own, where that is said", () => {
    const certificates = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const runtimes = ["containerd", "cri-o", "k3s", "openshift"] as const;
    const texts = (connection: NodeConnection): string[] =>
      runtimes.flatMap((runtime) =>
        nodeFiles(KEPT, runtime, connection).files.map(
          ({ path, text }) => `${runtime} ${path}\n${text}`,
        ),
      );
    const plain = texts({ plainHttp: true });
    expect(plain.join("")).toContain('[host."http://registry.internal:5000/v2/mirror"]');
    expect(plain.join("")).toContain(
      'location = "registry.internal:5000/mirror/acme/web"\ninsecure = true',
    );
    expect(plain.join("")).toContain("- http://registry.internal:5000\n");
    expect(plain.join("")).toContain('"insecureRegistries":["registry.internal:5000"]');
    expect(plain.join("")).not.toContain("https://registry.internal");
    const trusted = texts({ certificates });
    expect(
      trusted.filter((one) => one.includes("-----BEGIN")).map((one) => one.split("\n")[0]),
    ).toEqual([
      "containerd certs.d/docker.io/ca.crt",
      "containerd certs.d/quay.io/ca.crt",
      "containerd certs.d/registry.internal:5000/ca.crt",
      "cri-o certs.d/registry.internal:5000/ca.crt",
      "k3s dray-ca.crt",
      "openshift trusted-ca.yaml",
    ]);
    expect(trusted.join("")).toContain('  ca = "ca.crt"\n');
    expect(trusted.join("")).toContain("ca_file: /etc/rancher/k3s/dray-ca.crt");
    expect(trusted.join("")).toContain("registry.internal..5000: |");
  });

  it("leads names at the target outside its prefix there too, and leaves those inside alone", () => {
    const images = [
      moved("registry.internal:5000/old/web:1.0", "registry.internal:5000/mirror/old/web:1.0"),
      ...KEPT,
    ];
    const connection = { plainHttp: true };
    const { files } = nodeFiles(images, "containerd", connection);
    expect(files.map(({ path }) => path).filter((path) => path.includes("internal"))).toEqual([
      "certs.d/registry.internal:5000/hosts.toml",
    ]);
    const hosts = files.at(-1)?.text.match(/^(?:server|\[host).*$/gm);
    expect(hosts).toEqual([
      'server = "http://registry.internal:5000"',
      '[host."http://registry.internal:5000"]',
      '[host."http://registry.internal:5000/v2/mirror"]',
    ]);
    const [k3s] = nodeFiles(images, "k3s", connection).files;
    expect(k3s?.text.match(/registry\.internal:5000:/g)).toHaveLength(1);
    expect(k3s?.text).toContain("^old/web$: mirror/old/web");
    const [crio] = nodeFiles(images, "cri-o", connection).files;
    expect(crio?.text).toContain('location = "registry.internal:5000/old/web"\ninsecure = true\n');
  });

  it.each(["containerd", "cri-o", "k3s", "openshift"] as const)(
    "writes nothing for %s where nothing was moved",
    (runtime) => {
      const same = [moved("quay.io/a:1", "quay.io/a:1")];
      expect(nodeFiles(same, runtime)).toEqual({ files: [], left: [] });
    },
  );
});
