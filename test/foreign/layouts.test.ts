import { describe, expect, it } from "vitest";
import { fileOf, gzipped, makeTar } from "../../fixtures/archives.ts";
import { makeChart } from "../../fixtures/bundles.ts";
import {
  directoryOf,
  layoutMembers,
  named,
  namedByDocker,
  tarFile,
} from "../../fixtures/foreign.ts";
import { authored } from "../../src/content/memory.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { makeMultiArch, makeReferrer, type MadeImage } from "../../fixtures/images.ts";
import { makeList } from "../../fixtures/referrers.ts";
import { codes, found, inspected, optionsFor, verified } from "./lab.ts";

const app = makeMultiArch("app", { size: 3000 });
const tool = makeMultiArch("tool", { size: 2000 });
const APP = "registry.example/team/app:1.0";
const TOOL = "registry.example/team/tool:2.0";

/** An artifact that says it is a chart, with a link in it, which Helm does not take. */
function brokenChart(): MadeImage {
  const tgz = gzipped(
    makeTar([
      { name: "x/Chart.yaml", content: "apiVersion: v2\nname: x\nversion: 1.0.0\n" },
      { name: "x/README.md", type: "2", link: "/etc/passwd" },
    ]),
  );
  const config = authored(MediaType.helmConfig, Buffer.from('{"name":"x","version":"1.0.0"}'));
  const layer = authored(MediaType.helmChart, tgz);
  const manifest = {
    schemaVersion: 2,
    config: config.descriptor,
    layers: [layer.descriptor],
  };
  const root = authored(MediaType.ociManifest, Buffer.from(JSON.stringify(manifest)));
  return { root, blobs: [config, layer] };
}

describe("an OCI image layout that others have made", () => {
  it("keeps every digest as directory, tar and gzip", async () => {
    const members = layoutMembers([named(app, APP)]);
    const forms = {
      "OCI image layout in directory": await directoryOf(members),
      "OCI image layout in tar": await tarFile(members),
      "OCI image layout in gzip, tar": await fileOf(gzipped(makeTar(members))),
    };
    for (const [form, path] of Object.entries(forms)) {
      const report = await verified(path);
      expect(report).toMatchObject({ good: true, form, signedBy: [] });
      expect(found(report)).toEqual({ [APP]: app.root.descriptor.digest });
      expect(codes(report, "info")).toEqual(["FOREIGN_BUNDLE"]);
    }
  });

  it("is refused without --allow-unsigned", async () => {
    const path = await tarFile(layoutMembers([named(app, APP)]));
    const { verify } = await import("../../src/stories/verify.ts");
    const report = await verify({ path, trust: { keys: [] } });
    expect(report.good).toBe(false);
    expect(codes(report)).toEqual(["SIGNATURE_NO_KEY"]);
    const [error] = report.findings.filter(({ severity }) => severity === "error");
    expect(error?.hint).toContain("--allow-unsigned");
  });

  it("may be one of several at any depth, with charts beside", async () => {
    const members = [
      ...layoutMembers([named(app, APP)], "vendor/images/app/"),
      ...layoutMembers([named(tool, TOOL)], "vendor/tool/"),
      { name: "vendor/web-1.2.3.tgz", content: makeChart("web", "1.2.3") },
      { name: "vendor/README.md", content: "Hello" },
      { name: "vendor/site/manifest.json", content: '{"name": "site", "name": "twice"}' },
      { name: "vendor/site/version", content: "7" },
    ];
    for (const path of [await directoryOf(members), await fileOf(gzipped(makeTar(members)))]) {
      const report = await verified(path);
      expect(codes(report)).toEqual([]);
      expect(Object.keys(found(report))).toEqual(["charts/web:1.2.3", APP, TOOL]);
      expect(report.form).toMatch(/^2 × OCI image layout in /);
      expect(codes(report, "info")).toContain("FILE_LEFT_OUT");
    }
  });

  it("that a Mac has packed again loses what the Mac added", async () => {
    const members = [
      ...layoutMembers([named(app, APP)]),
      { name: ".DS_Store", content: "x" },
      { name: "blobs/sha256/._x", content: Buffer.from([0, 5, 0x16, 7]) },
    ];
    const report = await verified(await tarFile(members));
    expect(report).toMatchObject({ good: true, stripped: [".DS_Store", "blobs/sha256/._x"] });
    expect(codes(report, "info")).toEqual(["FOREIGN_BUNDLE", "JUNK_STRIPPED"]);
  });

  it("is named by containerd's annotation before the specified one", async () => {
    const report = await verified(await tarFile(layoutMembers([namedByDocker(app, APP)])));
    expect(found(report)).toEqual({ [APP]: app.root.descriptor.digest });
  });

  it("without a repository in its name is listed by digest, until it is given one", async () => {
    const { digest } = app.root.descriptor;
    const path = await tarFile(layoutMembers([named(app, "1.0")]));
    const report = await verified(path);
    expect(report.good).toBe(true);
    expect(codes(report, "warning")).toEqual(["NAME_MISSING"]);
    expect((await inspected(path)).artifacts).toMatchObject([{ reference: digest, digest }]);
    const given = await verified(path, { names: [`${digest}=${APP}`] });
    expect(codes(given, "warning")).toEqual([]);
    expect(found(given)).toEqual({ [APP]: digest });
  });

  it("needs no name for the platforms of an index that stand beside it", async () => {
    const platforms = app.blobs
      .filter(({ descriptor }) => descriptor.mediaType.includes("manifest"))
      .map((root) => ({ image: { root, blobs: [] } }));
    const report = await verified(await tarFile(layoutMembers([named(app, APP), ...platforms])));
    expect(report.findings.map(({ code }) => code)).toEqual(["FOREIGN_BUNDLE"]);
    expect(found(report)).toEqual({ [APP]: app.root.descriptor.digest });
    const path = await tarFile(layoutMembers([named(app, "1.0"), ...platforms]));
    expect(codes(await verified(path), "warning")).toEqual(["NAME_MISSING"]);
    const one = await verified(path, {
      repository: "registry.example/x",
      platforms: ["linux/arm64"],
    });
    expect(Object.keys(found(one))).toEqual(["registry.example/x:1.0"]);
  });

  it("of tags alone gets one repository for all, and two tags of one image stay two", async () => {
    const signature = makeReferrer(app.root.descriptor, "signature");
    const images = [
      named(app, "1.0"),
      named(app, "latest"),
      named(tool, "2.0"),
      { image: signature },
    ];
    const path = await tarFile(layoutMembers(images));
    const repository = "registry.example/team/app";
    const report = await verified(path, { repository });
    expect(codes(report, "warning")).toEqual([]);
    const { digest } = app.root.descriptor;
    expect(found(report)).toEqual({
      [`${repository}:1.0`]: digest,
      [`${repository}:latest`]: digest,
      [`${repository}:2.0`]: tool.root.descriptor.digest,
      [`${repository}@${signature.root.descriptor.digest}`]: signature.root.descriptor.digest,
    });
    const twice = [`${digest}=${APP}`, `${digest}=${TOOL}`];
    expect(found(await verified(path, { names: twice }))).toMatchObject({
      [APP]: digest,
      [TOOL]: digest,
    });
    expect(() => optionsFor(path, { repository: `${repository}:1.0` })).toThrow(
      "expected REGISTRY/REPOSITORY",
    );
  });

  it("gives what is about an image to every repository that has it", async () => {
    const signature = makeReferrer(app.root.descriptor, "signature");
    const about = makeReferrer(signature.root.descriptor, "about the signature");
    const { digest } = app.root.descriptor;
    const list = makeList([signature.root.descriptor]);
    const fallback = digest.replace(":", "-");
    const images = [
      named(list, fallback),
      { image: about },
      { image: signature },
      named(app, APP),
      named(app, TOOL),
    ];
    const report = await verified(await tarFile(layoutMembers(images)));
    expect(codes(report, "warning")).toEqual([]);
    const expected = ["registry.example/team/app", "registry.example/team/tool"].flatMap((home) => [
      `${home}@${signature.root.descriptor.digest}`,
      `${home}@${about.root.descriptor.digest}`,
    ]);
    expect(Object.keys(found(report)).toSorted()).toEqual([APP, TOOL, ...expected].toSorted());
  });

  it("takes a chart that cannot be read as the artifact that it is", async () => {
    const report = await verified(await directoryOf(layoutMembers([named(brokenChart(), APP)])));
    expect(codes(report)).toEqual([]);
    expect(codes(report, "warning")).toEqual(["CHART_UNREADABLE"]);
    expect(report.manifest?.artifacts).toMatchObject([{ kind: "artifact", reference: APP }]);
  });

  it("is read where somebody has edited its files with an editor of Windows", async () => {
    const members = layoutMembers([named(app, APP)]).map((member) =>
      member.name.toString().startsWith("blobs/")
        ? member
        : { ...member, content: `\uFEFF${String(member.content)}` },
    );
    const report = await verified(await tarFile(members));
    expect(codes(report)).toEqual([]);
    expect(Object.keys(found(report))).toEqual([APP]);
  });

  it("refuses one name for two things", async () => {
    const path = await tarFile(layoutMembers([named(app, APP), named(tool, APP)]));
    expect(codes(await verified(path))).toEqual(["NAME_AMBIGUOUS"]);
    const { digest } = tool.root.descriptor;
    const report = await verified(path, { names: [`${digest}=${TOOL}`] });
    expect(found(report)).toEqual({ [APP]: app.root.descriptor.digest, [TOOL]: digest });
  });

  it("refuses a name that is pinned to another digest", async () => {
    const pinned = `${APP}@${tool.root.descriptor.digest}`;
    const report = await verified(await tarFile(layoutMembers([named(app, pinned)])));
    expect(codes(report)).toEqual(["NAME_PINNED"]);
  });

  it("of which a platform is missing is refused, and gives what is whole on demand", async () => {
    const [amd64, arm64] = (
      JSON.parse(app.root.bytes.toString()) as { manifests: { digest: string }[] }
    ).manifests.map(({ digest }) => digest);
    const members = layoutMembers([named(app, APP)]).filter(
      ({ name }) => !name.toString().endsWith(arm64?.slice(7) ?? ""),
    );
    const path = await tarFile(members);
    const report = await verified(path);
    expect(codes(report)).toEqual(["INDEX_SPARSE"]);
    expect(report.findings.find(({ code }) => code === "INDEX_SPARSE")).toMatchObject({
      message: expect.stringContaining("linux/arm64 missing, linux/amd64 whole") as string,
      hint: expect.stringContaining("--platform linux/amd64") as string,
    });
    const chosen = await verified(path, { platforms: ["linux/amd64"] });
    expect(found(chosen)).toEqual({ [APP]: amd64 });
    expect(codes(await verified(path, { platforms: ["linux/s390x"] }))).toContain(
      "PLATFORM_MISSING",
    );
  });

  it("with a blob that is damaged, missing or not needed says which", async () => {
    const members = layoutMembers([named(app, APP)]);
    const [layer] = app.blobs;
    const isLayer = ({ name }: { name: string | Buffer }): boolean =>
      name.toString().endsWith(layer?.descriptor.digest.slice(7) ?? "");
    const bytes = Buffer.from(layer?.bytes ?? "");
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    const damaged = members.map((member) =>
      isLayer(member) ? { ...member, content: bytes } : member,
    );
    expect(codes(await verified(await tarFile(damaged)))).toContain("CONTENT_MISMATCH");
    const missing = members.filter((member) => !isLayer(member));
    expect(codes(await verified(await tarFile(missing)))).toEqual(["BLOB_MISSING"]);
    const extra = layoutMembers([named(app, APP), { image: tool }]).map((member) =>
      member.name === "index.json"
        ? (members.find(({ name }) => name === "index.json") ?? member)
        : member,
    );
    expect(codes(await verified(await tarFile(extra)), "warning")).toEqual(["BLOB_UNREFERENCED"]);
  });

  it("without its marker or its index has lost them on the way", async () => {
    const members = layoutMembers([named(app, APP)]);
    const without = (lost: string): Promise<string> =>
      tarFile(members.filter(({ name }) => name !== lost));
    expect(codes(await verified(await without("oci-layout")))).toEqual(["LAYOUT_MARKER_MISSING"]);
    expect(codes(await verified(await without("index.json")))).toEqual(["LAYOUT_INDEX_MISSING"]);
  });
});
