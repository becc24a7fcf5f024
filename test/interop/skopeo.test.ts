import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { makeDemoChart } from "../../fixtures/demo-chart.ts";
import { makeMultiArch, pushImage } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { parseChart } from "../../src/intake/recipe/chart-request.ts";
import { parseImage } from "../../src/intake/recipe/recipe.ts";
import { RegistryPool } from "../../src/remote/registry/pool.ts";
import { verify } from "../../src/stories/verify.ts";
import { contentOf } from "../../src/content/memory.ts";
import { Annotation } from "../../src/oci/image-layout.ts";
import { needs } from "../programs.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle, TRUST } from "../stories/lab.ts";
import { dockerRegistry, rawDigest, run } from "./lab.ts";

const PLAIN = ["--src-tls-verify=false", "--dest-tls-verify=false"];

/** An image layout on the disk, as another tool would have made it. */
async function layoutWith(image: ReturnType<typeof makeMultiArch>): Promise<string> {
  const directory = join(await temporaryDirectory(), "layout");
  const layout = await ImageLayout.create(directory);
  for (const { descriptor, bytes } of [...image.blobs, image.root])
    await layout.push(descriptor, contentOf(bytes, "test"));
  const annotations = { [Annotation.refName]: "1.0" };
  await layout.changeRoots(() => [{ ...image.root.descriptor, annotations }]);
  return directory;
}

describe("from one docker-registry to another", () => {
  it("an image for several platforms and a chart keep every digest", async (context) => {
    needs(context, "docker-registry");
    needs(context, "skopeo");
    const [source, target] = [await dockerRegistry(), await dockerRegistry()];
    const image = makeMultiArch("interop");
    const layout = await layoutWith(image);
    await run("skopeo", [
      "copy",
      "--all",
      ...PLAIN,
      `oci:${layout}:1.0`,
      `docker://${source.host}/team/app:1.0`,
    ]);
    expect(await rawDigest(`${source.host}/team/app:1.0`)).toBe(image.root.descriptor.digest);
    const at = await desk(await startRegistry());
    const chart = await makeDemoChart(await temporaryDirectory());
    const { manifest } = await packImages(at, [], {
      recipe: {
        images: [{ reference: parseImage(`docker://${source.host}/team/app:1.0`) }],
        charts: [parseChart(chart)],
      },
    });
    const report = await verify({ path: at.output, trust: TRUST }, { workDirectory: at.directory });
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    await pushBundle(at.output, `${target.host}/mirror`);
    for (const [kind, name] of [
      ["image", "team/app:1.0"],
      ["chart", "shop:1.0.0"],
    ]) {
      const packed = manifest?.artifacts.find((artifact) => artifact.kind === kind);
      expect(await rawDigest(`${target.host}/mirror/${name}`)).toBe(packed?.digest);
    }
    const copy = join(await temporaryDirectory(), "copy");
    await run("skopeo", [
      "copy",
      "--all",
      ...PLAIN,
      `docker://${target.host}/mirror/team/app:1.0`,
      `oci:${copy}:1.0`,
    ]);
    const copied = await ImageLayout.open(copy);
    for (const { descriptor, bytes } of [image.root, ...image.blobs]) {
      expect((await readFile(copied.blobFile(descriptor.digest))).equals(bytes)).toBe(true);
    }
    const again = await pushBundle(at.output, `${target.host}/mirror`);
    expect(again.artifacts.map(({ result }) => result)).toEqual(["present", "present"]);
    expect(again.totals.copied).toEqual({ blobs: 0, bytes: 0 });
  });

  it("a layer that ten repositories share is mounted nine times", async (context) => {
    needs(context, "docker-registry");
    const source = await startRegistry();
    const shared = makeMultiArch("shared", { platforms: ["amd64"] });
    const names = Array.from({ length: 10 }, (_item, index) => `team/app-${index}:1.0`);
    for (const name of names) await fill(source, shared, name);
    const at = await desk(source);
    await packImages(at, names);
    const target = await dockerRegistry();
    const report = await pushBundle(at.output, target.host);
    const blobs = shared.blobs.filter(
      ({ descriptor }) => !descriptor.mediaType.includes("manifest"),
    );
    expect(report.totals.mounted.blobs).toBe(9 * blobs.length);
  });
});

describe("skopeo reads a bundle", () => {
  it("as oci-archive, by the full name of each image", async (context) => {
    needs(context, "skopeo");
    const source = await startRegistry();
    const image = makeMultiArch("archive");
    await fill(source, image, "team/app:1.0");
    await fill(source, oneLayerImage("other"), "team/other:1.0");
    const at = await desk(source);
    await packImages(at, ["team/app:1.0", "team/other:1.0"]);
    const name = `${source.host}/team/app:1.0`;
    const copy = join(await temporaryDirectory(), "copy");
    await run("skopeo", ["copy", "--all", `oci-archive:${at.output}:${name}`, `oci:${copy}:1.0`]);
    const copied = await ImageLayout.open(copy);
    expect((await copied.roots()).map(({ digest }) => digest)).toEqual([
      image.root.descriptor.digest,
    ]);
    for (const { descriptor, bytes } of [image.root, ...image.blobs]) {
      expect((await readFile(copied.blobFile(descriptor.digest))).equals(bytes)).toBe(true);
    }
  });
});

describe("what skopeo has pushed", () => {
  it("in Docker's own types travels with the same digests", async (context) => {
    needs(context, "docker-registry");
    needs(context, "skopeo");
    const [source, target] = [await dockerRegistry(), await dockerRegistry()];
    const layout = await layoutWith(makeMultiArch("docker-types"));
    await run("skopeo", [
      "copy",
      "--all",
      "--format",
      "v2s2",
      ...PLAIN,
      `oci:${layout}:1.0`,
      `docker://${source.host}/team/app:1.0`,
    ]);
    const at = await desk(await startRegistry());
    const images = [{ reference: parseImage(`${source.host}/team/app:1.0`) }];
    const { manifest } = await packImages(at, [], { recipe: { images } });
    expect(manifest?.artifacts[0]?.mediaType).toContain("vnd.docker");
    await pushBundle(at.output, target.host);
    const name = "team/app:1.0";
    expect(await rawDigest(`${target.host}/${name}`)).toBe(
      await rawDigest(`${source.host}/${name}`),
    );
  });
});

describe("docker-registry itself", () => {
  it("takes large blobs in chunks where the whole is refused on the way", async (context) => {
    needs(context, "docker-registry");
    const target = await dockerRegistry();
    const { startHost } = await import("../remote/registry/lab.ts");
    const { request } = await import("node:http");
    const limit = 5 * 1024 * 1024;
    const proxy = await startHost((asked, response) => {
      if (Number(asked.headers["content-length"] ?? 0) > limit) {
        asked.resume();
        response.writeHead(413, { Connection: "close" }).end();
        return;
      }
      const forward = request(
        new URL(asked.url ?? "", target.url),
        { method: asked.method, headers: asked.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      );
      asked.pipe(forward);
    });
    const pool = new RegistryPool({ retryDelay: () => 1 }, { side: "target" });
    const reference = { registry: proxy.host, repository: "team/app" };
    const image = oneLayerImage("chunked", 9 * 1024 * 1024);
    const root = await pushImage(pool.repository(reference, "pull,push"), image, "1.0");
    await pool.close();
    const direct = new RegistryPool({}, { side: "source" });
    const found = await direct
      .repository({ registry: target.host, repository: "team/app" })
      .resolve("1.0");
    await direct.close();
    expect(found).toEqual(root);
  });
});
