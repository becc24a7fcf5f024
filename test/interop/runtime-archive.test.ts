import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer, makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import { unpack, type RuntimeArchives } from "../../src/stories/unpack.ts";
import { TRUST } from "../bundle/checking.ts";
import { needs } from "../programs.ts";

const ONE = makeImage([makeLayer("one", 500)]);
const MANY = makeMultiArch("many", { size: 500 });
const AMD64 = parsePlatform("linux/amd64");

let bundle: string;

beforeEach(async () => {
  const images = { "docker.io/library/one:2": ONE, "registry.example:5000/team/many:1.0": MANY };
  ({ path: bundle } = await makeBundle({ name: "nodes", version: "1", images }));
});

async function archives(as: RuntimeArchives): Promise<string> {
  const directory = join(await temporaryDirectory(), "out");
  await unpack({ path: bundle, directory, trust: TRUST, as });
  return directory;
}

function skopeo(...args: string[]): string {
  return execFileSync("skopeo", args, { encoding: "utf8" });
}

const ONE_FILE = "docker.io_library_one_2.tar";
const MANY_FILE = "registry.example_5000_team_many_1.0.tar";

describe("skopeo", () => {
  it("finds each image under its digest in OCI archives, with all its platforms", async (context) => {
    needs(context, "skopeo");
    const directory = await archives({ form: "oci-archive" });
    expect((await readdir(directory)).toSorted()).toEqual([ONE_FILE, MANY_FILE]);
    const raw = skopeo("inspect", "--raw", `oci-archive:${join(directory, MANY_FILE)}`);
    expect(raw).toBe(MANY.root.bytes.toString());
  });

  it("finds the platform that was asked for in Docker archives", async (context) => {
    needs(context, "skopeo");
    const directory = await archives({ form: "docker-archive", platform: AMD64 });
    const inspected = skopeo("inspect", "--config", `docker-archive:${join(directory, MANY_FILE)}`);
    expect(JSON.parse(inspected)).toMatchObject({ architecture: "amd64" });
  });

  it("finds every image in a single Docker archive by its name", async (context) => {
    needs(context, "skopeo");
    const directory = await archives({ form: "docker-archive", platform: AMD64, single: true });
    expect(await readdir(directory)).toEqual(["images.tar"]);
    const file = join(directory, "images.tar");
    const { Tags } = JSON.parse(skopeo("list-tags", `docker-archive:${file}`)) as {
      Tags: string[];
    };
    expect(Tags).toEqual(["docker.io/library/one:2", "registry.example:5000/team/many:1.0"]);
  });
});

describe("podman", () => {
  it.for(["oci-archive", "docker-archive"] as const)(
    "loads an %s, under the same digest",
    async (form, context) => {
      needs(context, "podman");
      const directory = await archives({ form, platform: AMD64 });
      const storage = await temporaryDirectory();
      const podman = (...args: string[]): string => {
        const global = ["--root", join(storage, "a"), "--runroot", join(storage, "b")];
        return execFileSync("podman", [...global, "--storage-driver", "vfs", ...args], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "pipe"],
        });
      };
      expect(podman("load", "-i", join(directory, ONE_FILE))).toContain("docker.io/library/one:2");
      const format = "{{.Repository}}:{{.Tag}} {{.Digest}}";
      const listed = podman("images", "--digests", "--format", format);
      expect(listed.trim()).toBe(`docker.io/library/one:2 ${ONE.root.descriptor.digest}`);
    },
  );
});
