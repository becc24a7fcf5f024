import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gzipped, makeTar, type TarMember } from "../../fixtures/archives.ts";
import { makeChart } from "../../fixtures/bundles.ts";
import {
  hauled,
  haulMembers,
  imgpkgMembers,
  mindthegapMembers,
  skopeoDirMembers,
  wrapMembers,
  zarfMembers,
} from "../../fixtures/foreign-peers.ts";
import {
  classicSave,
  kanikoSave,
  layoutMembers,
  named,
  podmanSave,
  tarBytes,
  tarFile,
} from "../../fixtures/foreign.ts";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { fuzz } from "../../scripts/fuzz/run.ts";
import { authored } from "../../src/content/memory.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { codes, found, plainImage, verified } from "./lab.ts";

const app = makeMultiArch("app", { size: 600 });
const one = plainImage("one");
const APP = "registry.example/team/app:1.0";

interface IndexEntry {
  mediaType: string;
  digest: string;
  size: number;
}

/** A layout whose index.json is changed. */
function withIndex(change: (entry: IndexEntry) => void): Promise<string> {
  const members = layoutMembers([named(app, APP)]).map((member) => {
    if (member.name !== "index.json") return member;
    const index = JSON.parse(member.content?.toString() ?? "") as { manifests: IndexEntry[] };
    for (const entry of index.manifests) change(entry);
    return { ...member, content: JSON.stringify(index) };
  });
  return tarFile(members);
}

/** The image with another manifest over the same blobs. */
function withManifest(
  image: MadeImage,
  change: (manifest: Record<string, unknown>) => void,
): MadeImage {
  const manifest = JSON.parse(image.root.bytes.toString()) as Record<string, unknown>;
  change(manifest);
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { ...image, root: authored(MediaType.ociManifest, bytes) };
}

describe("a layout made to do harm", () => {
  it.each(["sha256:../../../etc/passwd", `sha256:${"a".repeat(63)}`, "md5:00", ""])(
    "with the digest %j is refused before anything is a path",
    async (digest) => {
      const path = await withIndex((entry) => (entry.digest = digest));
      expect(codes(await verified(path))).toContain("LAYOUT_INVALID");
    },
  );

  it("with a size that is not true is refused without allocating it", async () => {
    for (const size of [2 ** 50, 0]) {
      const path = await withIndex((entry) => (entry.size = size));
      expect(codes(await verified(path))).toContain("BLOB_SIZE");
    }
  });

  it("with links is refused, wherever they lead", async () => {
    const link = { name: "blobs/sha256/link", type: "2", link: "/etc/passwd" };
    const path = await tarFile([...layoutMembers([named(app, APP)]), link]);
    expect(codes(await verified(path))).toEqual(["ENTRY_TYPE_REFUSED"]);
  });

  it("with an index.json of 25 MB is refused", async () => {
    const members = layoutMembers([named(app, APP)]).map((member) =>
      member.name === "index.json"
        ? { ...member, content: Buffer.alloc(25 * 1024 * 1024, " ") }
        : member,
    );
    expect(codes(await verified(await tarFile(members)))).toContain("ENTRY_TOO_LARGE");
  });

  it("in archives inside archives is looked for a few levels deep", async () => {
    const nested = (depth: number): TarMember[] =>
      depth === 0
        ? layoutMembers([named(app, APP)])
        : [
            { name: "beside.bin", content: "x" },
            { name: "inner.tar", content: tarBytes(nested(depth - 1)) },
          ];
    expect(Object.keys(found(await verified(await tarFile(nested(3)))))).toEqual([APP]);
    expect((await verified(await tarFile(nested(4)))).good).toBe(false);
  });
});

describe("what the specifications leave open", () => {
  it("an entry of an unknown type is left out and said", async () => {
    const path = await withIndex((entry) => (entry.mediaType = "application/x-unknown"));
    const report = await verified(path);
    expect(codes(report, "warning")).toContain("ROOT_UNSUPPORTED");
  });

  it("a subject that is not there is said", async () => {
    const about = withManifest(one, (manifest) => (manifest["subject"] = app.root.descriptor));
    const report = await verified(await tarFile(layoutMembers([named(about, APP)])));
    expect(report.good).toBe(true);
    expect(codes(report, "warning")).toEqual(["SUBJECT_MISSING"]);
  });

  it("what is about a named image is called after it", async () => {
    const about = withManifest(one, (manifest) => (manifest["subject"] = app.root.descriptor));
    const report = await verified(
      await tarFile(layoutMembers([named(app, APP), { image: about }])),
    );
    const { digest } = about.root.descriptor;
    expect(found(report)[`registry.example/team/app@${digest}`]).toBe(digest);
  });

  it("a layer that its license keeps out of registries is refused", async () => {
    const layer = makeLayer("foreign", 500);
    const mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    const descriptor = { ...layer.descriptor, mediaType };
    const image = makeImage([{ ...layer, descriptor }]);
    const report = await verified(await tarFile(layoutMembers([named(image, APP)])));
    expect(codes(report)).toEqual(["LAYER_NOT_DISTRIBUTABLE"]);
    expect(report.findings.find(({ severity }) => severity === "error")?.hint).toContain("--from");
  });
});

describe("any form with any change", () => {
  const forms: readonly (readonly TarMember[])[] = [
    layoutMembers([named(app, APP)]),
    classicSave([{ image: one, tags: [APP] }]),
    podmanSave([{ image: one, tags: [APP] }]),
    kanikoSave([{ image: one, tags: [APP] }]),
    haulMembers([hauled(app, APP), hauled(one, APP, "dev.hauler/sigs")]),
    zarfMembers([named(app, APP)], { charts: { "web-1.2.3.tgz": makeChart("web", "1.2.3") } }),
    wrapMembers({ [APP]: app }, { name: "web", version: "1.2.3" }),
    imgpkgMembers({ [APP]: app }),
    mindthegapMembers("registry.example", { "team/app:1.0": app }),
    skopeoDirMembers(app),
    [{ name: "a/x.tar.gz", content: gzipped(makeTar(classicSave([{ image: one, tags: [APP] }]))) }],
  ];

  it("ends in a report or in a DrayError", async () => {
    const path = join(await temporaryDirectory(), "changed.tar");
    const run = async (bytes: Buffer): Promise<void> => {
      await writeFile(path, bytes);
      await verified(path);
    };
    const samples = forms.map((members) => tarBytes(members));
    const { mistake } = await fuzz(
      { foreign: { samples, run } },
      { seed: 1 },
      (count) => count < 150,
    );
    expect(mistake).toBeUndefined();
  });

  it("in one of its files ends so too", async () => {
    const path = join(await temporaryDirectory(), "changed.tar");
    const documents = forms.flatMap((members) =>
      members.flatMap(({ content = "" }, index) =>
        /^[[{a-z]/.test(content.toString()) ? [{ members, index }] : [],
      ),
    );
    for (const { members, index } of documents) {
      const run = async (content: Buffer): Promise<void> => {
        const changed = members.map((member, at) =>
          at === index ? { ...member, content } : member,
        );
        await writeFile(path, tarBytes(changed));
        await verified(path);
      };
      const samples = [Buffer.from(members[index]?.content ?? "")];
      const { mistake } = await fuzz(
        { document: { samples, run } },
        { seed: 1 },
        (count) => count < 4,
      );
      expect(mistake).toBeUndefined();
    }
  });
});
