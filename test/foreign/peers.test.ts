import { describe, expect, it } from "vitest";
import { fileOf, gzipped, makeTar, type TarMember } from "../../fixtures/archives.ts";
import { makeChart } from "../../fixtures/bundles.ts";
import {
  childImage,
  childrenOf,
  hauled,
  haulMembers,
  imgpkgMembers,
  releasedHaulMembers,
  mindthegapMembers,
  skopeoDirMembers,
  storageMembers,
  wrapMembers,
  zarfMembers,
} from "../../fixtures/foreign-peers.ts";
import { directoryOf, layoutMembers, named, tarBytes, tarFile } from "../../fixtures/foreign.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import { encodedOf } from "../../src/oci/digest.ts";
import { codes, found, plainImage, verified } from "./lab.ts";

const app = makeMultiArch("app", { size: 3000 });
const tool = makeMultiArch("tool", { size: 2000 });
const APP = "registry.example/team/app:1.0";
const TOOL = "registry.example/team/tool:2.0";
const { digest } = app.root.descriptor;

describe("a haul of Hauler", () => {
  it("is named in full, with its marker or without", async () => {
    for (const forContainerd of [false, true]) {
      const path = await tarFile(haulMembers([hauled(app, APP)], { forContainerd }));
      const report = await verified(path);
      expect(codes(report)).toEqual([]);
      expect(report.form).toBe("Hauler haul in tar");
      expect(found(report)).toEqual({ [APP]: digest });
    }
  });

  it("as 2.0 releases it has neither marker nor description", async () => {
    const signature = plainImage("signature");
    const entries = [hauled(app, APP), hauled(signature, APP, "dev.hauler/sigs")];
    const report = await verified(await tarFile(releasedHaulMembers(entries)));
    expect(codes(report)).toEqual([]);
    expect(report.form).toBe("Hauler haul in tar");
    expect(Object.keys(found(report))).toEqual([
      APP,
      `registry.example/team/app:sha256-${encodedOf(digest)}.sig`,
    ]);
    const arm64 = childrenOf(app)[1]?.digest;
    const chosen = await verified(await tarFile(releasedHaulMembers(entries)), {
      platforms: ["linux/arm64"],
    });
    expect(codes(chosen)).toEqual([]);
    expect(found(chosen)[APP]).toBe(arm64);
  });

  it("gives signatures the tag that they had", async () => {
    const signature = plainImage("signature");
    const entries = [hauled(app, APP), hauled(signature, APP, "dev.hauler/sigs")];
    const report = await verified(await tarFile(haulMembers(entries)));
    expect(found(report)).toEqual({
      [APP]: digest,
      [`registry.example/team/app:sha256-${encodedOf(digest)}.sig`]:
        signature.root.descriptor.digest,
    });
  });
});

describe("a package of Zarf", () => {
  const members = zarfMembers([named(app, APP)], {
    charts: { "web-1.2.3.tgz": makeChart("web", "1.2.3") },
    more: [{ name: "sboms.tar", content: makeTar([{ name: "sbom.json", content: "{}" }]) }],
  });

  it("gives its images and the charts of its components, and its name", async () => {
    for (const path of [
      await tarFile(members),
      await directoryOf(members),
      await fileOf(gzipped(tarBytes(members))),
    ]) {
      const report = await verified(path);
      expect(codes(report)).toEqual([]);
      expect(codes(report, "warning")).toEqual(["SIGNATURE_NOT_CHECKED"]);
      expect(report.form).toMatch(/^Zarf package in /);
      expect(Object.keys(found(report))).toEqual(["charts/web:1.2.3", APP]);
      expect(report.manifest).toMatchObject({ name: "demo", version: "1.2.3" });
    }
  });

  it("is refused where its list of sums does not hold", async () => {
    const change = (name: string, content: string | undefined): TarMember[] =>
      members.flatMap((member) =>
        member.name !== name ? [member] : content === undefined ? [] : [{ ...member, content }],
      );
    const extra = [...members, { name: "extra.txt", content: "x" }];
    expect(codes(await verified(await tarFile(extra)))).toEqual(["ENTRY_EXTRA"]);
    const altered = change("components/app.tar", "x");
    expect(codes(await verified(await tarFile(altered)))).toContain("ENTRY_ALTERED");
    const lost = change("sboms.tar", undefined);
    expect(codes(await verified(await tarFile(lost)))).toEqual(["ENTRY_MISSING"]);
    const list = members.find(({ name }) => name === "checksums.txt")?.content?.toString() ?? "";
    const shorter = change("checksums.txt", list.split("\n").slice(1).join("\n"));
    expect(codes(await verified(await tarFile(shorter)))).toContain("ENTRY_ALTERED");
  });

  it("cannot choose a name that is a path", async () => {
    const evil = members.map((member) =>
      member.name === "zarf.yaml"
        ? { ...member, content: String(member.content).replace("name: demo", "name: ../../x") }
        : member,
    );
    expect((await verified(await tarFile(evil))).good).toBe(false);
  });
});

describe("a wrap of dt", () => {
  const members = wrapMembers({ [APP]: app }, { name: "web", version: "1.2.3" });

  it("gives each image an index of its platforms, and its chart", async () => {
    const report = await verified(await fileOf(gzipped(tarBytes(members))));
    expect(codes(report)).toEqual([]);
    expect(report.form).toBe("dt wrap in gzip, tar");
    expect(codes(report, "info")).toContain("DIGEST_NEW");
    expect(Object.keys(found(report))).toEqual(["charts/web:1.2.3", APP]);
    expect(report.manifest).toMatchObject({ name: "web", version: "1.2.3" });
    const image = report.manifest?.artifacts.find(({ kind }) => kind === "image");
    expect(image?.platforms).toEqual(["linux/amd64", "linux/arm64"]);
  });

  it("gives one platform under the digest that it had", async () => {
    const report = await verified(await tarFile(members), { platforms: ["linux/arm64"] });
    expect(found(report)[APP]).toBe(childrenOf(app)[1]?.digest);
  });

  it("gives signatures and metadata of images the tags that dt gives them", async () => {
    const [signature, metadata, signed] = ["sig", "metadata", "metadata.sig"].map(plainImage);
    if (signature === undefined || metadata === undefined || signed === undefined) return;
    const at = "web-1.2.3/artifacts/images/web/app/1.0";
    const more = [
      ...members,
      ...layoutMembers([{ image: signature }], `${at}.sig/`),
      ...layoutMembers([{ image: metadata }], `${at}.metadata/`),
      ...layoutMembers([{ image: signed }], `${at}.metadata.sig/`),
      ...layoutMembers([{ image: signed }], "web-1.2.3/artifacts/chart/metadata/"),
    ];
    const report = await verified(await tarFile(more));
    expect(codes(report)).toEqual([]);
    const { [APP]: index = "", ...rest } = found(report);
    const [, hex = ""] = index.split(":");
    const repository = "registry.example/team/app";
    expect(rest).toMatchObject({
      [`${repository}:sha256-${hex}.sig`]: signature.root.descriptor.digest,
      [`${repository}:sha256-${hex}.metadata`]: metadata.root.descriptor.digest,
      [`${repository}:1.0-metadata`]: metadata.root.descriptor.digest,
      [`${repository}:sha256-${encodedOf(metadata.root.descriptor.digest)}.sig`]:
        signed.root.descriptor.digest,
    });
    expect(codes(report, "info")).toContain("FILE_LEFT_OUT");
  });

  it("without one of its layouts is refused", async () => {
    const hex = childrenOf(app)[1]?.digest.slice("sha256:".length) ?? "";
    const less = members.filter(({ name }) => !name.toString().includes(`${hex}.layout/`));
    expect(codes(await verified(await tarFile(less)))).toContain("BLOB_MISSING");
  });
});

describe("an archive of imgpkg", () => {
  const pinned = `registry.example/team/app@${digest}`;
  const members = imgpkgMembers({ [pinned]: app });

  it("keeps every digest", async () => {
    const report = await verified(await tarFile(members));
    expect(codes(report)).toEqual([]);
    expect(report.form).toBe("imgpkg archive in tar");
    expect(found(report)).toEqual({ [pinned]: digest });
  });

  it("is refused for a manifest that does not have its digest", async () => {
    const changed = members.map((member) =>
      member.name === "manifest.json"
        ? { ...member, content: member.content?.toString().replace("/data/app", "/data/bad") ?? "" }
        : member,
    );
    expect(codes(await verified(await tarFile(changed)))).toEqual(["IMGPKG_INVALID"]);
  });
});

describe("the storage of a registry", () => {
  const images = { "team/app:1.0": app, "team/tool:2.0": tool };

  it("packed by mindthegap says which registry it came from", async () => {
    const report = await verified(await tarFile(mindthegapMembers("registry.example", images)));
    expect(codes(report)).toEqual([]);
    expect(report.form).toBe("mindthegap bundle in tar");
    expect(found(report)).toEqual({ [APP]: digest, [TOOL]: tool.root.descriptor.digest });
  });

  it("packed by oc-mirror has lost the registry, and may be a set of archives", async () => {
    const storage = storageMembers(images);
    const [one, two] = [0.3, 0.6].map((part) => Math.floor(storage.length * part));
    const working = { name: "working-dir/release-images/x", content: "x" };
    const chart = {
      name: "working-dir/helm/charts/web-1.2.3.tgz",
      content: makeChart("web", "1.2.3"),
    };
    const parts = [
      [working, chart, ...storage.slice(0, one)],
      [working, ...storage.slice(one, two)],
      [working, ...storage.slice(two)],
    ].map((members) => tarBytes(members));
    const set = parts.map((content, index) => ({ name: `mirror_00000${index + 1}.tar`, content }));
    const report = await verified(await directoryOf(set));
    expect(codes(report)).toEqual([]);
    expect(report.form).toBe("oc-mirror archive in directory");
    expect(codes(report, "warning")).toEqual(["NAME_HOST_LOST"]);
    expect(Object.keys(found(report))).toEqual([
      "charts/web:1.2.3",
      "unknown.invalid/team/app:1.0",
      "unknown.invalid/team/tool:2.0",
    ]);
    const gap = set.filter(({ name }) => name !== "mirror_000002.tar");
    expect(codes(await verified(await directoryOf(gap)))).toContain("PART_MISSING");
    const last = storage.findLast(({ name }) => name.toString().endsWith("/data"));
    const lacking = storage.filter((member) => member !== last);
    const less = await verified(await tarFile([working, ...lacking]));
    expect(codes(less)).toEqual(["INDEX_SPARSE"]);
  });
});

describe("a directory of skopeo", () => {
  it("has no name, unless skopeo sync has put it where its name says", async () => {
    const report = await verified(await directoryOf(skopeoDirMembers(app)));
    expect(codes(report)).toEqual([]);
    expect(codes(report, "warning")).toEqual(["NAME_MISSING"]);
    expect(found(report)).toEqual({ [digest]: digest });
    const synced = await directoryOf([
      ...skopeoDirMembers(app, `${APP}/`),
      ...skopeoDirMembers(tool, `${TOOL}/`),
    ]);
    expect(found(await verified(synced))).toEqual({
      [APP]: digest,
      [TOOL]: tool.root.descriptor.digest,
    });
  });

  it("without its version is known by its manifest and blobs", async () => {
    const members = skopeoDirMembers(app).filter(({ name }) => name !== "version");
    expect(Object.values(found(await verified(await directoryOf(members))))).toEqual([digest]);
    const one = childImage(app, childrenOf(app)[0]?.digest ?? "");
    const older = skopeoDirMembers(one)
      .filter(({ name }) => name !== "version")
      .map((member) =>
        /^[a-f0-9]{64}$/.test(member.name.toString())
          ? { ...member, name: `${member.name.toString()}.tar` }
          : member,
      );
    const report = await verified(await directoryOf(older));
    expect(codes(report)).toEqual([]);
    expect(Object.values(found(report))).toEqual([one.root.descriptor.digest]);
  });

  it("for one platform is read as well", async () => {
    const one = childImage(app, childrenOf(app)[0]?.digest ?? "");
    const report = await verified(await directoryOf(skopeoDirMembers(one)));
    expect(Object.values(found(report))).toEqual([one.root.descriptor.digest]);
  });
});
