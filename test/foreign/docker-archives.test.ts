import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileOf, gzipped, makeTar, type TarMember } from "../../fixtures/archives.ts";
import {
  classicSave,
  directoryOf,
  dockerTable,
  kanikoSave,
  layoutMembers,
  namedByDocker,
  partsOf,
  podmanSave,
  tarFile,
} from "../../fixtures/foreign.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { needs } from "../programs.ts";
import { codes, found, plainImage, verified } from "./lab.ts";

const app = plainImage("app");
const tool = plainImage("tool");
const APP = "registry.example/team/app:1.0";
const TOOL = "registry.example/team/tool:2.0";
const BOTH = [
  { image: app, tags: [APP] },
  { image: tool, tags: [TOOL, "tool:latest"] },
];

const MAKERS = { classic: classicSave, podman: podmanSave, kaniko: kanikoSave };

describe("an archive of docker save", () => {
  for (const [age, save] of Object.entries(MAKERS)) {
    it(`of the ${age} kind becomes the same OCI images in every carrier`, async () => {
      const members = save(BOTH);
      const reports = await Promise.all(
        [
          await tarFile(members),
          await fileOf(gzipped(makeTar(members))),
          await directoryOf(members),
        ].map((path) => verified(path)),
      );
      for (const report of reports) {
        expect(codes(report)).toEqual([]);
        expect(found(report)).toEqual(found(reports[0] ?? report));
      }
      const [report] = reports;
      expect(Object.keys(report === undefined ? {} : found(report))).toEqual([
        "docker.io/library/tool:latest",
        APP,
        TOOL,
      ]);
      expect(report?.form).toBe("docker save (classic) in tar");
      expect(report === undefined ? [] : codes(report, "info")).toContain("DIGEST_NEW");
    });
  }

  it("of the classic kind keeps its links in a zip", async (context) => {
    needs(context, "zip");
    const directory = await directoryOf(classicSave(BOTH));
    const path = join(await temporaryDirectory(), "saved.zip");
    spawnSync("zip", ["-qry", path, "."], { cwd: directory });
    const report = await verified(path);
    expect(codes(report)).toEqual([]);
    expect(found(report)).toEqual(found(await verified(directory)));
  });

  it("keeps the image id and compressed layers, and has the diff ids as layers otherwise", async () => {
    const report = await verified(await tarFile(classicSave(BOTH)));
    const again = await verified(await tarFile(podmanSave(BOTH)));
    expect(found(again)).toEqual(found(report));
    const kaniko = await verified(await tarFile(kanikoSave(BOTH)));
    expect(found(kaniko)[APP]).toBe(app.root.descriptor.digest);
  });

  it("since version 25 is a layout, whose own names count", async () => {
    const members = [
      ...layoutMembers([namedByDocker(app, APP)]),
      dockerTable([{ image: app, tags: [APP] }]),
      { name: "repositories", content: "{}" },
    ];
    const report = await verified(await tarFile(members));
    expect(report.form).toBe("OCI image layout of docker save in tar");
    expect(found(report)).toEqual({ [APP]: app.root.descriptor.digest });
    expect(codes(report, "info")).toEqual(["FOREIGN_BUNDLE"]);
  });

  it("is one of many in an archive, each named by its own table", async () => {
    const inner = (image: typeof app, tag: string): Buffer =>
      makeTar(classicSave([{ image, tags: [tag] }]));
    const members = [
      { name: "acme/", type: "5" },
      { name: "acme/wrong__9.tar", content: inner(app, APP) },
      { name: "acme/tool__2.0.tar", content: inner(tool, TOOL) },
    ];
    const packed = members.map(({ name, content }) =>
      content === undefined
        ? { name, type: "5" }
        : { name: name.replace(/r$/, "r.gz"), content: gzipped(content) },
    );
    for (const path of [
      await fileOf(gzipped(makeTar(members)), "acme.tar.gz"),
      await directoryOf(members),
      await tarFile(packed),
      await directoryOf(packed),
    ]) {
      const report = await verified(path);
      expect(codes(report)).toEqual([]);
      expect(Object.keys(found(report))).toEqual([APP, TOOL]);
      expect(report.form).toMatch(/^2 × docker save \(classic\) in /);
    }
  });

  it("without tags is known by its image id, which takes a name too", async () => {
    const path = await tarFile(classicSave([{ image: app, tags: null }]));
    expect(codes(await verified(path), "warning")).toEqual(["NAME_MISSING"]);
    const id = partsOf(app).config.descriptor.digest;
    expect(Object.keys(found(await verified(path, { names: [`${id}=${APP}`] })))).toEqual([APP]);
  });
});

function changed(
  members: readonly TarMember[],
  change: (member: TarMember) => TarMember | undefined,
): TarMember[] {
  return members.flatMap((member) => change(member) ?? []);
}

function withTable(change: (table: Record<string, unknown>) => void): TarMember[] {
  return changed(classicSave([{ image: app, tags: [APP] }]), (member) => {
    if (member.name !== "manifest.json") return member;
    const table = JSON.parse(member.content?.toString() ?? "") as Record<string, unknown>[];
    for (const image of table) change(image);
    return { ...member, content: JSON.stringify(table) };
  });
}

describe("a hostile or damaged archive of docker save", () => {
  it("is refused for paths that leave it", async () => {
    for (const path of ["../../etc/passwd", "/etc/passwd", "x/../../y"]) {
      const config = withTable((image) => (image["Config"] = path));
      expect(codes(await verified(await tarFile(config)))).toContain("ENTRY_MISSING");
      const layers = withTable((image) => (image["Layers"] = [path, path]));
      expect(codes(await verified(await tarFile(layers)))).toContain("ENTRY_MISSING");
    }
  });

  it("is refused for a number of layers that is not the config's", async () => {
    const members = withTable((image) => (image["Layers"] = []));
    expect(codes(await verified(await tarFile(members)))).toContain("DOCKER_IMAGE_INVALID");
  });

  it("is refused for a layer or a config that is not what it is called", async () => {
    const members = classicSave([{ image: app, tags: [APP] }]);
    const layer = changed(members, (member) =>
      member.name.toString().endsWith("layer.tar")
        ? { ...member, content: makeTar([{ name: "evil", content: "x" }]) }
        : member,
    );
    expect(codes(await verified(await tarFile(layer)))).toContain("CONTENT_MISMATCH");
    const config = changed(members, (member) =>
      /^[a-f0-9]{64}\.json$/.test(member.name.toString())
        ? { ...member, content: `${member.content?.toString() ?? ""} ` }
        : member,
    );
    expect(codes(await verified(await tarFile(config)))).toContain("DOCKER_IMAGE_INVALID");
  });

  it("is refused for links that leave it, lead nowhere, or go round", async () => {
    for (const link of ["../../etc/passwd", "/etc/passwd", "../none/layer.tar", "layer.tar"]) {
      const members = changed(classicSave([{ image: app, tags: [APP] }]), (member) =>
        member.name.toString().endsWith("layer.tar")
          ? { name: member.name, type: "2", link }
          : member,
      );
      const report = await verified(await tarFile(members));
      expect(report.good).toBe(false);
      expect(codes(report)).toContain("LINK_REFUSED");
    }
  });

  it("is refused for a link that no image needs", async () => {
    const members = [
      ...classicSave([{ image: app, tags: [APP] }]),
      { name: "other", type: "2", link: "/etc/passwd" },
    ];
    expect(codes(await verified(await tarFile(members)))).toEqual(["ENTRY_TYPE_REFUSED"]);
  });

  it("is refused for two tables of contents, or one that names nothing", async () => {
    const members = classicSave([{ image: app, tags: [APP] }]);
    const table = members.filter(({ name }) => name === "manifest.json");
    expect(codes(await verified(await tarFile([...members, ...table])))).toContain(
      "ENTRY_DUPLICATE",
    );
    for (const content of ["null", "[]"]) {
      const empty = await verified(await tarFile([{ name: "manifest.json", content }]));
      expect(empty.good).toBe(false);
    }
  });
});
