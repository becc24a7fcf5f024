import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { fileOf } from "../../fixtures/archives.ts";
import {
  makeBundle,
  makeChart,
  readEntries,
  sha256,
  tarOf,
  type Entries,
} from "../../fixtures/bundles.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { DAMAGES } from "../../scripts/fuzz/damage.ts";
import { DamageLab } from "../../scripts/fuzz/damage-lab.ts";
import { Random } from "../../scripts/fuzz/random.ts";
import {
  BLOCK_BYTES,
  MEMBER_BYTES,
  MEMBER_HEADER,
} from "../../src/archive/members/gzip-members.ts";
import { serve } from "../../src/stories/serve.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { verify } from "../../src/stories/verify.ts";
import { TRUST } from "../bundle/checking.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { laterOutcome, refusal } from "../refusal.ts";
import type { PushReport } from "../../src/stories/push.ts";
import { pushBundle, type PushChanges } from "./lab.ts";

/** So large that gzip members lie whole inside it, wherever it begins. */
const LARGE = makeLayer("large", 2 * MEMBER_BYTES + 1);
const IMAGE = "registry.example/team/app:1.0";
const OTHER = "registry.example/team/other:1.0";

let written: Buffer = Buffer.alloc(0);
let entries: Entries = new Map();

async function makeSample(): Promise<string> {
  const { path } = await makeBundle({
    images: {
      [IMAGE]: makeImage([LARGE, makeLayer("small", 800)]),
      [OTHER]: makeImage([makeLayer("small", 800)]),
    },
    charts: [
      { tgz: makeChart("web", "1.2.3"), provenance: "-----BEGIN PGP SIGNED MESSAGE-----\n" },
    ],
    files: { "notes.txt": "Nothing but this line\n" },
  });
  return path;
}

/** A bundle with one byte changed. */
function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

function placeOf(text: string | Buffer, bytes = written): number {
  const place = bytes.indexOf(text);
  if (place === -1) throw new Error(`no ${text.toString("hex").slice(0, 100)} in the bundle`);
  return place;
}

/** The content of the entry at `path`, in the bundle as a file. */
function contentOf(path: string, bytes = written): number {
  return placeOf(entries.get(path) ?? "?", bytes);
}

function layerPath(): string {
  return `blobs/sha256/${sha256(LARGE.bytes)}`;
}

/** What is known to be wrong before anything is sent. */
const BEFORE: Readonly<Record<string, () => number>> = {
  "a plain file": () => contentOf("files/notes.txt") + 3,
  "the provenance of a chart": () => contentOf("charts/web-1.2.3.tgz.prov") + 3,
  "a chart as a file": () => contentOf("charts/web-1.2.3.tgz") + 20,
  "README.txt": () => contentOf("README.txt") + 3,
  "oci-layout": () => contentOf("oci-layout") + 3,
  "bundle.json": () => contentOf("bundle.json") + 3,
  "the list of sums": () => contentOf("SHA256SUMS") + 3,
  "a signature": () => contentOf("SHA256SUMS.sig") + 3,
  "the padding of an entry": () => contentOf("files/notes.txt") + "Nothing but this line\n".length,
  "the header of an entry": () => placeOf("files/notes.txt\0") + 1,
  "the first member's header": () => 21,
  "the first member's checksum": () => MEMBER_BYTES - 8,
  "the last member's header": () => Math.floor(written.length / MEMBER_BYTES) * MEMBER_BYTES + 21,
  "the last byte of the file": () => written.length - 1,
};

/** What is found while the blobs are sent. */
const WHILE: Readonly<Record<string, () => number>> = {
  "a layer inside a member of its own": () => MEMBER_BYTES + 100_000,
  "the header of a member inside a layer": () => MEMBER_BYTES + 5,
  "the number of a member inside a layer": () => MEMBER_BYTES + 20,
  "a block's header inside a layer": () => MEMBER_BYTES + MEMBER_HEADER + BLOCK_BYTES + 1,
  "the checksum of a member inside a layer": () => 2 * MEMBER_BYTES - 8,
  "the length of a member inside a layer": () => 2 * MEMBER_BYTES - 4,
};

function pushed(
  path: string,
  target: TestRegistry,
  changes: PushChanges = {},
): Promise<PushReport> {
  return pushBundle(path, target.host, { trust: TRUST, ...changes });
}

const BY_TAG = /\/manifests\/[^:]+$/;

function tagsWritten(target: TestRegistry): number {
  return target.requests("PUT", BY_TAG).length;
}

/** Makes the sample once, in the first test that needs it. */
async function prepare(): Promise<void> {
  if (written.length > 0) return;
  const path = await makeSample();
  entries = await readEntries(path);
  written = await readFile(path);
}

describe("push of a bundle with one bit flipped", () => {
  it.each(Object.entries(BEFORE))("in %s sends nothing", async (_, place) => {
    await prepare();
    const target = await startRegistry();
    const path = await fileOf(flipped(written, place()));
    expect(await refusal(() => pushed(path, target))).toMatchObject({ kind: "refused" });
    expect(target.seen).toEqual([]);
  });

  it("would be pushed without that", async () => {
    await prepare();
    const target = await startRegistry();
    const { artifacts } = await pushed(await fileOf(written), target);
    expect(artifacts.map(({ result }) => result)).toEqual(["pushed", "pushed", "pushed"]);
    expect(tagsWritten(target)).toBe(3);
  });

  it.each(Object.entries(WHILE))("in %s writes no tag", async (_, place) => {
    await prepare();
    const target = await startRegistry();
    const path = await fileOf(flipped(written, place()));
    expect(await refusal(() => pushed(path, target))).toMatchObject({
      code: "DRAY_BUNDLE_REFUSED",
      findings: [{ code: "FRAMING_DAMAGED", entry: layerPath() }],
    });
    expect(tagsWritten(target)).toBe(0);
  });

  it.each(Object.entries({ ...BEFORE, ...WHILE }))(
    "in %s sends nothing where everything is verified first",
    async (_, place) => {
      await prepare();
      const target = await startRegistry();
      const path = await fileOf(flipped(written, place()));
      const pushing = pushed(path, target, { verifyFirst: true });
      expect(await refusal(() => pushing)).toMatchObject({ kind: "refused" });
      expect(target.seen).toEqual([]);
    },
  );

  it("is refused too where the registry has everything but one tag", async () => {
    await prepare();
    const target = await startRegistry();
    await pushed(await fileOf(written), target);
    const tag = new URL("/v2/team/app/manifests/1.0", `http://${target.host}`);
    expect((await fetch(tag, { method: "DELETE" })).status).toBe(202);
    target.forget();
    const path = await fileOf(flipped(written, MEMBER_BYTES + 100_000));
    expect(await refusal(() => pushed(path, target))).toMatchObject({
      findings: [{ code: "FRAMING_DAMAGED", entry: layerPath() }],
    });
    expect(tagsWritten(target)).toBe(0);
  });

  it("names the artifact, the entry, the byte and what to do", async () => {
    await prepare();
    const target = await startRegistry();
    const path = await fileOf(flipped(written, MEMBER_BYTES + 100_000));
    const { message, hint } = await refusal(() => pushed(path, target));
    expect(message).toContain(`gzip member 1 at byte ${MEMBER_BYTES}`);
    expect(message).toContain(`one flipped bit in byte ${MEMBER_BYTES + 100_000} of the file`);
    expect(message).toMatch(new RegExp(`"${layerPath()}" \\(byte \\d+\\)`));
    expect(message).toContain(`needed by image ${IMAGE}`);
    expect(hint).toMatch(/Copy the bundle again.*No tag was written/);
  });

  it("names as much of a bundle that fits into one piece of a member", async () => {
    const layer = makeLayer("only", 20_000);
    const { path: small } = await makeBundle({ images: { [IMAGE]: makeImage([layer]) } });
    const bytes = await readFile(small);
    const path = await fileOf(flipped(bytes, placeOf(layer.bytes, bytes) + 100));
    const { findings } = await verify({ path, trust: TRUST });
    expect(findings).toMatchObject([
      { code: "FRAMING_DAMAGED", entry: `blobs/sha256/${sha256(layer.bytes)}` },
    ]);
    expect(findings[0]?.message).toMatch(new RegExp(`\\(byte 100\\); needed by image ${IMAGE}$`));
  });

  it("names as much when it is verified", async () => {
    await prepare();
    const path = await fileOf(flipped(written, MEMBER_BYTES + 100_000));
    const { findings } = await verify({ path, trust: TRUST });
    expect(findings).toMatchObject([{ code: "FRAMING_DAMAGED", entry: layerPath() }]);
    expect(findings[0]?.message).toContain(`byte ${MEMBER_BYTES + 100_000} of the file`);
    expect(findings[0]?.message).toContain(`needed by image ${IMAGE}`);
    expect(findings[0]?.hint).toContain("Copy it again");
  });
});

describe("push of a bundle in another carrier", () => {
  it("names the bytes of a plain tar that hold a damaged layer", async () => {
    await prepare();
    const tar = tarOf(entries);
    const at = contentOf(layerPath(), tar);
    const target = await startRegistry();
    const path = await fileOf(flipped(tar, at + 7));
    const { message } = await refusal(() => pushed(path, target));
    expect(message).toContain(`bytes ${at} to ${at + LARGE.bytes.length - 1} of the file`);
    expect(tagsWritten(target)).toBe(0);
  });

  it.each([
    ["a layer", layerPath, `image ${IMAGE}`],
    ["a chart as a file", () => "charts/web-1.2.3.tgz", "chart charts/web:1.2.3"],
    ["the provenance of a chart", () => "charts/web-1.2.3.tgz.prov", "chart charts/web:1.2.3"],
  ])("names the artifact, once, when %s is verified", async (_, entry, artifact) => {
    await prepare();
    const tar = tarOf(entries);
    const at = contentOf(entry(), tar);
    const { findings } = await verify({ path: await fileOf(flipped(tar, at + 7)), trust: TRUST });
    const [first, ...others] = findings.map(({ message }) => message);
    expect(first).toContain(`${entry()} was changed`);
    expect(first).toMatch(
      new RegExp(`it is bytes ${at} to \\d+ of the file; needed by ${artifact}$`),
    );
    expect(others.filter((message) => message.includes("needed by"))).toEqual([]);
  });

  it("names the artifact of an archive that others have made", async () => {
    await prepare();
    const tar = tarOf(new Map([...entries].filter(([name]) => /^(blobs|index|oci)/.test(name))));
    const path = await fileOf(flipped(tar, contentOf(layerPath(), tar) + 7));
    const { findings } = await verify({ path, trust: { allowUnsigned: true } });
    const [error] = findings.filter(({ severity }) => severity === "error");
    expect(error?.message).toContain(`needed by image ${IMAGE}`);
    expect(error?.hint).toContain("Copy the file again");
  });

  it("names every file of a directory that is damaged, though one was enough to stop", async () => {
    await prepare();
    const directory = join(await temporaryDirectory(), "bundle");
    await unpack({ path: await fileOf(written), directory, trust: TRUST });
    const names = [...entries].flatMap(([name, bytes]) =>
      name.startsWith("blobs/") && bytes[0] !== 0x7b ? [name] : [],
    );
    for (const name of names) {
      await writeFile(join(directory, name), flipped(await readFile(join(directory, name)), 11));
    }
    const target = await startRegistry();
    const error = await refusal(() => pushed(directory, target));
    const { findings } = error as unknown as { findings: { entry: string; message: string }[] };
    expect(findings.map(({ entry }) => entry).toSorted()).toEqual(names.toSorted());
    for (const { message, entry } of findings) expect(message).toContain(entry);
    expect(tagsWritten(target)).toBe(0);
  });
});

describe("unpack of a bundle with one bit flipped", () => {
  it.each(Object.entries({ ...BEFORE, ...WHILE }))("in %s leaves nothing", async (_, place) => {
    await prepare();
    const directory = join(await temporaryDirectory(), "to", "bundle");
    const path = await fileOf(flipped(written, place()));
    const found = await laterOutcome(() => unpack({ path, directory, trust: TRUST }));
    expect(found).toMatchObject({ kind: "refused" });
    expect(await readdir(dirname(directory)).catch(() => [])).toEqual([]);
  });
});

describe("serve of a bundle with one bit flipped", () => {
  it.each(Object.entries(BEFORE))("in %s does not begin", async (_, place) => {
    await prepare();
    const path = await fileOf(flipped(written, place()));
    const serving = serve({ path, port: 0, trust: TRUST });
    expect(await refusal(() => serving)).toMatchObject({ kind: "refused" });
  });

  it("in a layer gives nobody all of that layer", async () => {
    await prepare();
    const path = await fileOf(flipped(written, MEMBER_BYTES + 100_000));
    const registry = await serve({ path, port: 0, trust: TRUST });
    onTestFinished(() => registry.close());
    const blob = new URL(`/v2/team/app/blobs/${LARGE.descriptor.digest}`, registry.url);
    await expect(fetch(blob).then((answer) => answer.arrayBuffer())).rejects.toThrow("terminated");
    const small = new URL(`/v2/team/app/manifests/1.0`, registry.url);
    expect((await fetch(small)).status).toBe(200);
  });

  it("in a layer does not begin where everything is verified first", async () => {
    await prepare();
    const path = await fileOf(flipped(written, MEMBER_BYTES + 100_000));
    const serving = serve({ path, port: 0, trust: TRUST, verifyFirst: true });
    expect(await refusal(() => serving)).toMatchObject({ kind: "refused" });
  });
});

describe("a bundle that is damaged anywhere", () => {
  it.each(Object.entries(DAMAGES))(
    "by a %s is refused by verify and by push",
    async (_, damage) => {
      await prepare();
      const random = new Random(20);
      const lab = await DamageLab.open(
        { bytes: written, trust: TRUST },
        await temporaryDirectory(),
      );
      try {
        while (lab.count.tried < 12) await lab.judge(damage(written, random));
        expect(lab.count).toEqual({
          tried: 12,
          refusedByVerify: 12,
          refusedByPush: 12,
          tags: 0,
          missed: [],
        });
      } finally {
        await lab.close();
      }
    },
  );
});
