import { execFile, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { NodeRuntime } from "../../src/delivery/target-file.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { nodeFiles } from "../../src/repoint/node-mirrors.ts";
import { needs } from "../programs.ts";
import { pushBundle } from "../stories/lab.ts";
import { dockerRegistry, run } from "./lab.ts";

/** Nobody answers for this name: whatever comes for it has come from the target. */
const SOURCE = "registry.invalid/acme/web:1.0";
const ABSENT = "registry.invalid/acme/other:1.0";
const IMAGE = makeImage([makeLayer("web", 500)]);
const { digest } = IMAGE.root.descriptor;
const PINNED = `registry.invalid/acme/web@${digest}`;

/** A registry with the image at `HOST/mirror`; gives back its host. */
async function pushedTo(context: TestContext, program: string): Promise<string> {
  needs(context, program);
  needs(context, "docker-registry");
  const { host } = await dockerRegistry();
  const { path } = await makeBundle({ images: { [SOURCE]: IMAGE } });
  await pushBundle(path, `${host}/mirror`, { trust: { keys: [SIGNER.publicKey] } });
  return host;
}

/** Writes what leads a runtime to the target, and gives back its folder. */
async function written(
  runtime: NodeRuntime,
  host: string,
  names: readonly string[],
): Promise<string> {
  const folder = await temporaryDirectory();
  const images = names.map(parseReference).map((from) => ({
    from,
    to: { ...from, registry: host, repository: `mirror/${from.repository}` },
  }));
  for (const { path, text } of nodeFiles(images, runtime, { plainHttp: true }).files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

describe("with the registries.conf for nodes", () => {
  it("skopeo finds an image of the source at the target, by its tag and its digest", async (context) => {
    const host = await pushedTo(context, "skopeo");
    // An image that the target has in another place is named at the target too.
    const elsewhere = `${host}/acme/web:1.0`;
    const conf = join(await written("cri-o", host, [SOURCE, elsewhere]), "registries.conf");
    const inspect = (name: string): Promise<string> =>
      run("skopeo", ["--registries-conf", conf, "inspect", "--raw", `docker://${name}`]);
    for (const name of [SOURCE, PINNED, elsewhere, `${host}/mirror/acme/web:1.0`]) {
      expect(await inspect(name)).toBe(IMAGE.root.bytes.toString());
    }
    await expect(inspect(ABSENT)).rejects.toThrow("registry.invalid");
  });

  it("podman pulls an image of the source from the target", async (context) => {
    const host = await pushedTo(context, "podman");
    const conf = join(await written("cri-o", host, [SOURCE]), "registries.conf");
    const storage = await temporaryDirectory();
    const podman = async (...argv: string[]): Promise<string> => {
      const place = ["--root", join(storage, "a"), "--runroot", join(storage, "b")];
      const env = { PATH: process.env["PATH"], HOME: storage, CONTAINERS_REGISTRIES_CONF: conf };
      const args = [...place, "--storage-driver", "vfs", ...argv];
      return (await promisify(execFile)("podman", args, { env })).stdout.trim();
    };
    await podman("pull", "--quiet", SOURCE);
    expect(await podman("images", "--digests", "--format", "{{.Repository}} {{.Digest}}")).toBe(
      `registry.invalid/acme/web ${digest}`,
    );
  });
});

describe("with the hosts.toml for nodes", () => {
  it("containerd fetches an image of the source from the target, by its tag and its digest", async (context) => {
    const host = await pushedTo(context, "containerd");
    needs(context, "ctr");
    if (process.getuid?.() !== 0) context.skip("containerd needs root");
    const elsewhere = `${host}/acme/web:1.0`;
    const hosts = join(await written("containerd", host, [SOURCE, elsewhere]), "certs.d");
    const address = await containerd();
    const fetch = (name: string): Promise<string> =>
      run("ctr", ["-a", address, "content", "fetch", "--hosts-dir", hosts, name]);
    for (const name of [SOURCE, PINNED, elsewhere, `${host}/mirror/acme/web:1.0`]) {
      await fetch(name);
    }
    const listed = await run("ctr", ["-a", address, "content", "ls", "--quiet"]);
    const blobs = [IMAGE.root, ...IMAGE.blobs].map(({ descriptor }) => descriptor.digest);
    expect(listed.trim().split("\n").toSorted()).toEqual(blobs.toSorted());
    await expect(fetch(ABSENT)).rejects.toThrow("registry.invalid");
  });
});

/** Starts containerd in a folder of its own, and gives back its socket. */
async function containerd(): Promise<string> {
  const folder = await temporaryDirectory();
  const address = join(folder, "c.sock");
  await writeFile(
    join(folder, "config.toml"),
    `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "${address}"
[ttrpc]
address = "${folder}/t.sock"
`,
  );
  const child = spawn("containerd", ["-c", join(folder, "config.toml")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  let log = "";
  for await (const line of createInterface({ input: child.stderr })) {
    log += `${line}\n`;
    if (line.includes("successfully booted")) break;
  }
  child.stderr.resume();
  if (!log.includes("successfully booted")) throw new Error(`containerd ended: ${log}`);
  return address;
}
