import { describe, expect, it } from "vitest";
import { parseReference } from "../../src/oci/reference.ts";
import type { MovedImage } from "../../src/repoint/mapping-file.ts";
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

  it.each(["containerd", "cri-o", "k3s", "openshift"] as const)(
    "writes nothing for %s where nothing was moved",
    (runtime) => {
      const same = [moved("quay.io/a:1", "quay.io/a:1")];
      expect(nodeFiles(same, runtime)).toEqual({ files: [], left: [] });
    },
  );
});
