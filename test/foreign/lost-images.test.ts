import { readFile } from "node:fs/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { fileOf, gzipped, makeTar, type TarMember } from "../../fixtures/archives.ts";
import {
  imgpkgMembers,
  mindthegapMembers,
  storageMembers,
  wrapMembers,
} from "../../fixtures/foreign-peers.ts";
import {
  classicSave,
  dockerTable,
  directoryOf,
  layoutMembers,
  named,
  namedByDocker,
  partsOf,
  tarFile,
} from "../../fixtures/foreign.ts";
import { makeMultiArch, makeReferrer } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { pack } from "../../src/stories/pack.ts";
import { push } from "../../src/stories/push.ts";
import { serve } from "../../src/stories/serve.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { recipeOf } from "../stories/lab.ts";
import { refusal } from "../refusal.ts";
import { codes, found, inspected, optionsFor, plainImage, verified } from "./lab.ts";

/** What goes missing without a word is worse than what is refused. */

const app = plainImage("app");
const tool = plainImage("tool");
const multi = makeMultiArch("multi", { size: 2000 });
const APP = "registry.example/team/app:1.0";
const TOOL = "registry.example/team/tool:2.0";
const appId = partsOf(app).config.descriptor.digest;

/** An index that says so much of a layout with these images, of which Docker's table names some. */
function withIndex(index: string, table: TarMember): TarMember[] {
  const members = layoutMembers([{ image: app }, { image: tool }]);
  return [
    ...members.map((member) =>
      member.name === "index.json" ? { ...member, content: index } : member,
    ),
    table,
  ];
}

const EMPTY_INDEXES = [
  '{"schemaVersion":2,"manifests":[]}',
  '{"schemaVersion":2,"manifests":null}',
  '{"schemaVersion":2}',
];

describe("a layout of docker save whose index names nothing", () => {
  for (const index of EMPTY_INDEXES) {
    it(`gives the images of Docker's table: ${index}`, async () => {
      const table = dockerTable([
        { image: app, tags: [APP] },
        { image: tool, tags: [TOOL] },
      ]);
      const members = withIndex(index, table);
      for (const path of [await tarFile(members), await fileOf(gzipped(makeTar(members)))]) {
        const report = await verified(path);
        expect(codes(report)).toEqual([]);
        expect(found(report)).toEqual({
          [APP]: app.root.descriptor.digest,
          [TOOL]: tool.root.descriptor.digest,
        });
      }
    });
  }

  it("gives images a new digest only where their manifest is not there", async () => {
    const hex = app.root.descriptor.digest.slice("sha256:".length);
    const table = dockerTable([{ image: app, tags: [APP] }]);
    const members = withIndex(EMPTY_INDEXES[0] ?? "", table);
    expect(codes(await verified(await tarFile(members)), "info")).not.toContain("DIGEST_NEW");
    const bare = members.filter(({ name }) => !name.toString().endsWith(hex));
    const report = await verified(await tarFile(bare));
    expect(codes(report)).toEqual([]);
    expect(codes(report, "info")).toContain("DIGEST_NEW");
    expect(Object.keys(found(report))).toEqual([APP]);
  });

  it("gives an image without a tag under its image id, and is not pushed without a name", async () => {
    const table = dockerTable([{ image: app, tags: null }]);
    const path = await tarFile(withIndex(EMPTY_INDEXES[0] ?? "", table));
    const report = await verified(path);
    expect(codes(report, "warning")).toContain("NAME_MISSING");
    expect(report.manifest?.artifacts).toHaveLength(1);
    const refused = await refusal(() => unpack({ ...optionsFor(path), directory: "/nowhere/x" }));
    expect(refused).toMatchObject({ kind: "refused" });
    expect(found(await verified(path, { names: [`${appId}=${APP}`] }))).toHaveProperty([APP]);
  });
});

describe("a layout of docker save whose two lists differ", () => {
  it("gives what only one of them has", async () => {
    const table = dockerTable([
      { image: tool, tags: [TOOL] },
      { image: app, tags: null },
    ]);
    const list = layoutMembers([namedByDocker(tool, TOOL)]).find(
      ({ name }) => name === "index.json",
    );
    const members = withIndex(String(list?.content), table);
    const report = await verified(await tarFile(members), { names: [`${appId}=${APP}`] });
    expect(codes(report)).toEqual([]);
    expect(Object.keys(found(report))).toEqual([APP, TOOL]);
    const less = dockerTable([{ image: tool, tags: [TOOL] }]);
    const more = [...layoutMembers([namedByDocker(tool, TOOL), named(app, APP)]), less];
    expect(Object.keys(found(await verified(await tarFile(more))))).toEqual([APP, TOOL]);
  });

  it("gives an image every name that either has", async () => {
    const members = [
      ...layoutMembers([namedByDocker(app, APP)]),
      dockerTable([{ image: app, tags: [APP, TOOL] }]),
    ];
    const { digest } = app.root.descriptor;
    expect(found(await verified(await tarFile(members)))).toEqual({
      [APP]: digest,
      [TOOL]: digest,
    });
    const bare = [
      ...layoutMembers([named(app, "1.0")]),
      dockerTable([{ image: app, tags: [APP] }]),
    ];
    expect(found(await verified(await tarFile(bare)))).toEqual({ [APP]: digest });
  });

  it("is refused where one name means two images", async () => {
    const members = [
      ...layoutMembers([namedByDocker(app, APP), namedByDocker(tool, TOOL)]),
      dockerTable([{ image: app, tags: [TOOL] }]),
    ];
    expect(codes(await verified(await tarFile(members)))).toEqual(["NAME_AMBIGUOUS"]);
  });

  it("is no difference where the table has the platforms of an index", async () => {
    const members = [
      ...layoutMembers([namedByDocker(multi, APP)]),
      dockerTable(childrenTable(multi, [APP])),
    ];
    const report = await verified(await tarFile(members));
    expect(found(report)).toEqual({ [APP]: multi.root.descriptor.digest });
    expect(codes(report, "info")).toEqual(["FOREIGN_BUNDLE"]);
  });

  it("takes a table of Docker that is null for one without images", async () => {
    const members = [
      ...layoutMembers([named(app, APP)]),
      { name: "manifest.json", content: "null" },
    ];
    const report = await verified(await tarFile(members));
    expect(codes(report)).toEqual([]);
    expect(found(report)).toEqual({ [APP]: app.root.descriptor.digest });
  });

  it("is refused for a table that names a config that is not there", async () => {
    const table = { name: "manifest.json", content: '[{"Config":"none.json","Layers":[]}]' };
    const members = [...layoutMembers([named(app, APP)]), table];
    expect(codes(await verified(await tarFile(members)))).toEqual(["ENTRY_MISSING"]);
  });

  it("is served with all its images", async () => {
    const table = dockerTable([{ image: app, tags: [APP] }]);
    const path = await directoryOf(withIndex(EMPTY_INDEXES[1] ?? "", table));
    const registry = await serve({ ...optionsFor(path), port: 0 });
    onTestFinished(() => registry.close());
    expect(registry.repositories).toContain("registry.example/team/app");
  });
});

describe("what has nothing in it", () => {
  const layout = layoutMembers([]);

  it.each([
    ["an empty layout", layout],
    ["a layout without a list", withList(layout, '{"schemaVersion":2,"manifests":null}')],
    ["an empty haul", [...layout, { name: "store.json", content: '{"store-id":"x"}' }]],
    ["an empty storage", [{ name: "docker/registry/v2/repositories/a/_layers/x", content: "x" }]],
    ["a layout of other things", withList(layout, unknownRoot())],
  ])("is never good: %s", async (_what, members) => {
    for (const path of [await tarFile(members), await directoryOf(members)]) {
      const report = await verified(path);
      expect(report.good).toBe(false);
      expect(codes(report)).toEqual(["BUNDLE_EMPTY"]);
      const refused = await refusal(() => unpack({ ...optionsFor(path), directory: "/nowhere/x" }));
      expect(refused).toMatchObject({ code: "DRAY_BUNDLE_REFUSED", kind: "refused" });
      const target = await startRegistry();
      const mapping = { mode: "drop-host" as const, rules: [] };
      const pushed = await refusal(() =>
        push({ ...optionsFor(path), target: target.host, mapping }),
      );
      expect(pushed).toMatchObject({ code: "DRAY_BUNDLE_REFUSED" });
      const output = `${await temporaryDirectory()}/out.tar.gz`;
      const packed = await refusal(() =>
        pack({ recipe: recipeOf({ from: [path] }), store: output, output, created: new Date(0) }),
      );
      expect(packed).toMatchObject({ code: "DRAY_BUNDLE_REFUSED" });
      await expect(readFile(output)).rejects.toThrow("ENOENT");
    }
  });
});

function withList(members: readonly TarMember[], content: string): TarMember[] {
  return members.map((member) => (member.name === "index.json" ? { ...member, content } : member));
}

function unknownRoot(): string {
  const mediaType = "application/vnd.example.thing";
  return JSON.stringify({ schemaVersion: 2, manifests: [{ ...app.root.descriptor, mediaType }] });
}

describe("what a tool lists and does not have", () => {
  it("is refused in a storage of mindthegap", async () => {
    const members = mindthegapMembers("registry.example", { "team/app:1.0": multi });
    const more = members.map((member) =>
      member.name === "images.yaml"
        ? { ...member, content: `${String(member.content)}    team/lost:\n      - "1.0"\n` }
        : member,
    );
    expect(codes(await verified(await tarFile(more)))).toEqual(["ENTRY_MISSING"]);
  });

  it("is refused in a wrap of dt and in an archive of imgpkg", async () => {
    const wrap = wrapMembers({ [APP]: multi }, { name: "web", version: "1.2.3" });
    const lost = wrap.map((member) =>
      member.name.toString().endsWith("Images.lock")
        ? { ...member, content: `${String(member.content)}  - image: ${TOOL}\n    digests: []\n` }
        : member,
    );
    expect(codes(await verified(await tarFile(lost)))).toEqual(["BLOB_MISSING"]);
    const imgpkg = imgpkgMembers({ [APP]: multi }).map((member) =>
      member.name === "manifest.json"
        ? { ...member, content: String(member.content).replace(/]$/, ',{"Other":{}}]') }
        : member,
    );
    expect(codes(await verified(await tarFile(imgpkg)))).toEqual(["IMGPKG_INVALID"]);
  });

  it("is refused in a layout for an image of Docker's first kind", async () => {
    const mediaType = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    const manifests = [{ ...app.root.descriptor, mediaType }];
    const index = JSON.stringify({ schemaVersion: 2, manifests });
    const report = await verified(await tarFile(withList(layoutMembers([{ image: app }]), index)));
    expect(codes(report)).toEqual(["ROOT_UNSUPPORTED"]);
  });
});

describe("the storage of a registry", () => {
  const signature = makeReferrer(multi.root.descriptor, "signature");

  it("gives what has no tag by its digest, and the platforms of an index not once more", async () => {
    const members = storageMembers({ "team/app:1.0": multi, "team/app": signature, tool });
    const { digest } = signature.root.descriptor;
    const report = await verified(await tarFile(members));
    expect(codes(report)).toEqual([]);
    expect(found(report)).toEqual({
      "unknown.invalid/team/app:1.0": multi.root.descriptor.digest,
      [`unknown.invalid/team/app@${digest}`]: digest,
      [`unknown.invalid/tool@${tool.root.descriptor.digest}`]: tool.root.descriptor.digest,
    });
  });

  it("knows the registry of a revision from its repository", async () => {
    const members = [
      ...mindthegapMembers("registry.example", { "team/app:1.0": multi }),
      ...storageMembers({ "team/app": signature }),
    ];
    const { digest } = signature.root.descriptor;
    expect(found(await verified(await tarFile(members)))).toHaveProperty([
      `registry.example/team/app@${digest}`,
    ]);
  });

  it("is refused for a revision whose manifest is gone", async () => {
    const hex = signature.root.descriptor.digest.slice("sha256:".length);
    const members = storageMembers({ "team/app:1.0": multi, "team/app": signature }).filter(
      ({ name }) => !name.toString().includes(`/${hex}/data`),
    );
    expect(codes(await verified(await tarFile(members)))).toEqual(["BLOB_MISSING"]);
  });
});

describe("an archive that cannot be looked into", () => {
  const saved = makeTar(classicSave([{ image: app, tags: [APP] }]));
  const good = { name: "app.tar", content: saved };

  it.each([
    ["xz", "more.tar.xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2])],
    ["a page that says no", "more.tar.gz", "<html>Not found</html>"],
    ["nothing", "more.tar", ""],
  ])("is an error beside images: %s", async (_what, name, content) => {
    const report = await verified(await directoryOf([good, { name, content }]));
    expect(codes(report)).toEqual(["ARCHIVE_UNREAD"]);
    expect(report.findings.find(({ code }) => code === "ARCHIVE_UNREAD")?.message).toContain(name);
  });

  it("is a warning within another, where all kinds lie", async () => {
    const content = makeTar([good, { name: "tools.tar.xz", content: "no" }]);
    const report = await inspected(await directoryOf([{ name: "vendor.tar", content }, good]));
    expect(codes(report)).toEqual([]);
    expect(codes(report, "warning")).toContain("ARCHIVE_UNREAD");
  });

  it("in parts within another archive is named with the line that joins them", async () => {
    const whole = "haul.tar.zst";
    const members = [1, 2].map((number) => ({ name: `${whole}.00${number}`, content: "x" }));
    const report = await verified(await tarFile([...members, good]));
    expect(codes(report)).toEqual(["PARTS_APART"]);
    const hint = report.findings.find(({ code }) => code === "PARTS_APART")?.hint;
    expect(hint).toContain(`> ${whole}\``);
  });

  it("as one part says that it is one", async () => {
    for (const name of ["z.tar.zst.part000", "z.tar.zst.part002", "haul.tar.zst.001"]) {
      const path = await fileOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]), name);
      const error = await refusal(() => verified(path));
      expect(error).toMatchObject({ code: "DRAY_PART_ALONE", kind: "refused" });
    }
  });
});

function childrenTable(
  image: typeof multi,
  tags: readonly string[],
): { image: typeof multi; tags: readonly string[] }[] {
  const { manifests } = JSON.parse(image.root.bytes.toString()) as {
    manifests: { digest: string }[];
  };
  return manifests.map(({ digest }) => {
    const root = image.blobs.find(({ descriptor }) => descriptor.digest === digest);
    if (root === undefined) throw new Error(`no manifest ${digest}`);
    return { image: { root, blobs: image.blobs }, tags };
  });
}
