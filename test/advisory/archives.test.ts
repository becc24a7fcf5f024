import { mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  base256,
  fileOf,
  framed,
  gnuLongName,
  makeTar,
  paxHeader,
  tarMember,
  type TarMember,
} from "../../fixtures/archives.ts";
import { makeZip } from "../../fixtures/archives-zip.ts";
import { bundleFile, makeBundle, makeChart } from "../../fixtures/bundles.ts";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { DrayError } from "../../src/errors.ts";
import { readChartArchive } from "../../src/chart/chart-archive.ts";
import { unpack } from "../../src/stories/unpack.ts";
import {
  changedManifest,
  check,
  checkResigned,
  errorCodes,
  TRUST,
  sampleEntries,
} from "../bundle/checking.ts";
import { openedAt } from "../archive/listing.ts";
import { laterOutcome } from "../refusal.ts";

/** What went wrong in tools like this one, when they unpacked archives. */

const REFUSED = "refused by verify, refused by unpack, nothing left";

/** How good signed bundles end that have more members, behind their own or before them. */
async function fates(members: readonly (TarMember | Buffer)[]): Promise<string[]> {
  const entries = [...(await sampleEntries())];
  const own = entries.map(([name, content]) => ({ name, content }));
  const before = await fateOf(makeTar([...members, ...own]));
  const behind = await fateOf(makeTar([...own, ...members]));
  return [...new Set([before, behind])];
}

async function fateOf(tar: Buffer): Promise<string> {
  const path = await fileOf(await framed(tar));
  const { good } = await check(path, { ...TRUST, allowUnsigned: true });
  const parent = await temporaryDirectory();
  const base = join(parent, "base");
  await mkdir(base);
  const options = { path, trust: TRUST, workDirectory: base };
  const unpacked = await laterOutcome(() => unpack({ ...options, directory: join(base, "out") }));
  const left = [
    ...(await readdir(parent)).filter((name) => name !== "base"),
    ...(await readdir(base)),
  ];
  return [
    `${good ? "taken" : "refused"} by verify`,
    `${unpacked instanceof DrayError ? unpacked.kind : "taken"} by unpack`,
    `${left.join(" ") || "nothing"} left`,
  ].join(", ");
}

/** How a chart ends, read and packed. */
async function chartFate(tgz: Buffer): Promise<string> {
  const read = await laterOutcome(() => readChartArchive(tgz, "a chart"));
  const packed = await laterOutcome(() => makeBundle({ charts: [{ tgz }] }));
  return [read, packed].map((end) => (end instanceof DrayError ? end.kind : "taken")).join(", ");
}

const link = (name: string, target: string): TarMember => ({ name, type: "2", link: target });
const hard = (name: string, target: string): TarMember => ({ name, type: "1", link: target });
const file = (name: string): TarMember => ({ name, content: "evil" });

function chartOf(...members: (TarMember | Buffer)[]): Buffer {
  const chart = { name: "web/Chart.yaml", content: "apiVersion: v2\nname: web\nversion: 1.0.0\n" };
  return gzipSync(makeTar([chart, ...members]));
}

describe("unpacking", () => {
  it.each([
    ["a climb", [file("../evil")]],
    ["a climb in the middle", [file("a/../../evil")]],
    ["a climb at the end", [{ name: "a/..", type: "5" }]],
    ["an absolute path", [file("/tmp/evil")]],
    ["two slashes", [file("//tmp/evil")]],
    ["backslashes", [file("..\\evil")]],
    ["a file through an earlier link", [link("dir", "/tmp"), file("dir/evil")]],
  ])(
    "CVE-2018-1002207, CVE-2024-0406, CVE-2025-3445 (mholt/archiver): %s",
    async (_what, members) => {
      expect(await fates(members)).toEqual([REFUSED]);
    },
  );

  it("CVE-2021-21272 (oras): a climb in a packed chart", async () => {
    for (const name of ["../evil", "web/../../evil", "/evil", "web\\..\\..\\evil"]) {
      expect(await chartFate(chartOf(file(name)))).toBe("refused, refused");
    }
  });

  it("CVE-2026-50162 (oras-go): a link to a directory, then a file below it", async () => {
    expect(await fates([link("files/sub", "/tmp"), file("files/sub/evil")])).toEqual([REFUSED]);
  });

  it("CVE-2026-50162 (oras-go): a link that was in the target before", async () => {
    const { path } = await makeBundle();
    const base = await temporaryDirectory();
    const outside = await temporaryDirectory();
    await mkdir(join(base, "out"));
    await symlink(outside, join(base, "out", "blobs"));
    await expect(
      unpack({ path, trust: TRUST, directory: join(base, "out") }, { workDirectory: tmpdir() }),
    ).rejects.toMatchObject({ code: "DRAY_FILE_EXISTS" });
    expect(await readdir(outside)).toEqual([]);
  });

  it("CVE-2026-50163 (oras-go): a hard link out of the target", async () => {
    expect(await fates([hard("x", "../x")])).toEqual([REFUSED]);
    expect(await fates([hard("x", "/etc/passwd")])).toEqual([REFUSED]);
  });

  it("CVE-2026-29064 (zarf): a link to an absolute path", async () => {
    expect(await fates([link("x", "/etc/passwd")])).toEqual([REFUSED]);
  });

  it("CVE-2026-40090 (zarf): a name in the metadata that is a path", async () => {
    const entries = await sampleEntries();
    for (const name of ["../../x", "/x", "a/b", "..", ".", "a\\b", "C:x"]) {
      const named = changedManifest(entries, (document) => void (document.name = name));
      expect(errorCodes(await checkResigned(named))).toContain("BUNDLE_INVALID");
    }
    expect(await chartFate(makeChart("a/b", "1.0.0"))).toBe("refused, refused");
  });

  it("CVE-2019-18658 (helm): links and devices in a chart", async () => {
    expect(await chartFate(chartOf(link("web/values.yaml", "/etc/passwd")))).toBe(
      "refused, refused",
    );
    expect(await chartFate(chartOf(hard("web/values.yaml", "/etc/passwd")))).toBe(
      "refused, refused",
    );
    expect(await chartFate(chartOf({ name: "web/values.yaml", type: "3" }))).toBe(
      "refused, refused",
    );
    expect(await chartFate(chartOf({ name: "web/values.yaml", type: "6" }))).toBe(
      "refused, refused",
    );
  });

  it("CVE-2019-1000008, CVE-2024-25620 (helm): a chart whose name is a path", async () => {
    for (const name of ["../x", "../../x", "/x", "x/..", "..\\x"])
      expect(await chartFate(makeChart(name, "1.0.0"))).toBe("refused, refused");
  });

  it("CVE-2026-35206 (helm): a chart of the name of a directory", async () => {
    for (const name of [".", "..", "..."])
      expect(await chartFate(makeChart(name, "1.0.0"))).toBe("refused, refused");
  });

  it("CVE-2025-53547 (helm): a Chart.lock that is a link", async () => {
    expect(await chartFate(chartOf(link("web/Chart.lock", "/etc/passwd")))).toBe(
      "refused, refused",
    );
  });

  it("CVE-2026-35204 (helm): a version that is a path", async () => {
    for (const version of ["1.0.0/../../x", "../x", "1.0.0\\x"]) {
      expect(await chartFate(makeChart("web", version))).toBe("refused, refused");
      const entries = await sampleEntries();
      const versioned = changedManifest(entries, (document) => void (document.version = version));
      expect(errorCodes(await checkResigned(versioned))).toContain("BUNDLE_INVALID");
    }
  });

  it("CVE-2021-29136 (umoci): the root itself as a link", async () => {
    for (const name of ["./", ".", "./."])
      expect(await fates([link(name, "/tmp")])).toEqual([REFUSED]);
  });

  it("CVE-2021-32760 (containerd): a link, and a file of its name with another mode", async () => {
    expect(await fates([link("x", "/etc/passwd"), file("x")])).toEqual([REFUSED]);
  });

  it("CVE-2014-9356, CVE-2014-9358 (docker load): paths in an archive of `docker save` stay in it", async () => {
    const manifest = JSON.stringify([
      { Config: "../../x", RepoTags: ["a:1"], Layers: ["../x/layer.tar"] },
    ]);
    const path = await fileOf(
      makeTar([{ name: "manifest.json", content: manifest }, file("x/layer.tar")]),
    );
    expect(errorCodes(await check(path))).toContain("ENTRY_MISSING");
  });

  it("CVE-2019-14271, CVE-2021-41089, CVE-2026-41567, -41568, -42306 (docker cp): nobody else gets at what is being unpacked", async () => {
    const { path } = await makeBundle({ files: { large: seededBytes("large", 5_000_000) } });
    const base = await temporaryDirectory();
    const modes: Promise<number>[] = [];
    await unpack(
      { path, trust: TRUST, directory: join(base, "out") },
      {
        workDirectory: tmpdir(),
        onEvent: (event) => {
          if (event.type !== "progress") return;
          modes.push(
            readdir(base).then(async ([name]) => (await stat(join(base, name ?? ""))).mode & 0o777),
          );
        },
      },
    );
    expect((await Promise.allSettled(modes))[0]).toEqual({ status: "fulfilled", value: 0o700 });
  });

  it.each([
    ["case", [file("files/X"), file("files/x")]],
    [
      "the Unicode form",
      [
        paxHeader({ path: "files/\u00e9" }),
        file("1"),
        paxHeader({ path: "files/e\u0301" }),
        file("2"),
      ],
    ],
    ["a ligature", [paxHeader({ path: "files/ﬀ" }), file("1"), file("files/ff")]],
    ["a sharp s", [paxHeader({ path: "files/ß" }), file("1"), file("files/SS")]],
    ["a backslash", [file("files\\x"), file("files/x")]],
    ["a drive letter", [file("C:x")]],
    ["a drive letter and a slash", [file("c:/x")]],
    ["a drive on the network", [file("\\\\host\\share\\x")]],
    ["an absolute path behind a link's name", [link("a", "b"), file("a/x")]],
  ])(
    "CVE-2021-32803, -32804, -37701, -37712, -37713 (node-tar): names that collide by %s",
    async (_what, members) => {
      expect(await fates(members)).toEqual([REFUSED]);
    },
  );

  it("CVE-2024-28863 (node-tar): one file below tens of thousands of directories", async () => {
    expect(await fates([gnuLongName(`${"d/".repeat(30_000)}f`), file("x")])).toEqual([REFUSED]);
    expect(await fates([paxHeader({ path: `${"d/".repeat(20_000)}f` }), file("x")])).toEqual([
      REFUSED,
    ]);
  });

  it("CVE-2025-64118 (node-tar): an archive that shrinks while it is read", async () => {
    const made = await makeBundle({ files: { large: seededBytes("large", 9_000_000) } });
    const archive = await openedAt(made.path);
    const entries = archive.entries({ check: true })[Symbol.asyncIterator]();
    await entries.next();
    await writeFile(made.path, Buffer.alloc(10_000));
    await expect(
      (async () => {
        while ((await entries.next()).done !== true);
      })(),
    ).rejects.toMatchObject({ kind: "refused" });
  });

  it.each([
    ["absolute", [link("x", "/etc/passwd")]],
    ["relative", [link("files/x", "../../../etc/passwd")]],
    ["to another link", [link("a", "."), link("a/b", ".."), file("a/b/evil")]],
    ["a hard link to a link", [link("a", "/etc/passwd"), hard("b", "a")]],
    ["relative to a drive", [link("x", "C:..\\evil")]],
  ])("CVE-2026-23745, -23950, -24842, -26960 (node-tar): a link %s", async (_what, members) => {
    expect(await fates(members)).toEqual([REFUSED]);
  });

  it.each([
    ["NUL in a PAX path", [paxHeader({ path: "files/good\0../../evil" }), file("x")]],
    ["a line feed in a PAX path", [paxHeader({ path: "a\n20 path=evil" }), file("x")]],
    ["a negative size", [tarMember({ name: "x", size: base256(-1n) })]],
    ["two long names", [gnuLongName("x"), gnuLongName("y"), file("z")]],
    ["a PAX header for a PAX header", [paxHeader({ size: "1024" }), gnuLongName("y"), file("x")]],
  ])("node-tar 7.5.10 to 7.5.21: %s", async (_what, members) => {
    expect(await fates(members)).toEqual([REFUSED]);
  });

  it("CVE-2024-12905, CVE-2025-48387, CVE-2025-59343 (tar-fs): a sibling whose name begins alike", async () => {
    expect(await fates([file("../out-evil/f")])).toEqual([REFUSED]);
    expect(await fates([link("x", "../out-evil")])).toEqual([REFUSED]);
  });

  it("CVE-2025-62518 TARmageddon: members hidden in content whose size two readers see differently", async () => {
    const hidden = makeTar([file("files/hidden")], { end: Buffer.alloc(0) });
    expect(
      await fates([paxHeader({ size: "0" }), { name: "files/outer", content: hidden }]),
    ).toEqual([REFUSED]);
    expect(
      await fates([
        paxHeader({ size: String(hidden.length) }),
        { name: "files/outer", size: 0 },
        hidden,
      ]),
    ).toEqual([REFUSED]);
    expect(
      await fates([tarMember({ name: "files/dir/", type: "5", size: hidden.length }), hidden]),
    ).toEqual([REFUSED]);
  });

  it("CVE-2025-58183, GO-2026-4869 (Go archive/tar): sparse files that claim to be huge", async () => {
    const huge = String(2 ** 50);
    expect(await fates([{ name: "x", type: "S", content: "x" }])).toEqual([REFUSED]);
    expect(
      await fates([
        paxHeader({
          "GNU.sparse.major": "1",
          "GNU.sparse.minor": "0",
          "GNU.sparse.realsize": huge,
        }),
        file("x"),
      ]),
    ).toEqual([REFUSED]);
    expect(
      await fates([paxHeader({ "GNU.sparse.map": "0,1", "GNU.sparse.size": huge }), file("x")]),
    ).toEqual([REFUSED]);
    expect(
      await fates([paxHeader({ "GNU.sparse.size": huge }, { global: true }), file("x")]),
    ).toEqual([REFUSED]);
  });

  it.each([
    ["CVE-2020-29529, CVE-2025-0377 (go-slug)", [link("a", "../.."), file("a/x")]],
    ["CVE-2025-8959 (go-getter)", [link("sub", "/etc"), link("sub/x", "passwd")]],
    ["CVE-2024-47877 (codeclysm/extract)", [link("a", "b"), link("b", "/tmp"), file("a/evil")]],
    ["GHSA-j95m-rcjp-q69h (jaredallard/archives)", [file("a/../../../evil")]],
  ])("%s: links and climbs, again", async (_id, members) => {
    expect(await fates(members)).toEqual([REFUSED]);
  });

  it("CVE-2018-1002204, GHSA-vwc7-r8mq-g2x9 (adm-zip), CVE-2020-12265, CVE-2026-39246 (decompress), CVE-2026-56876, CVE-2026-19693 (extract-zip): names and links that lead out of a zip", async () => {
    const entries = [...(await sampleEntries())].map(([name, content]) => ({ name, content }));
    for (const evil of [
      { name: "../x" },
      { name: "a/../../x" },
      { name: "/etc/x" },
      { name: "C:/x" },
      { name: "..\\x", host: 0 },
      { name: "link", content: "/etc", mode: 0o120_777 },
    ]) {
      const report = await check(await fileOf(makeZip([...entries, evil])));
      const codes = errorCodes(report);
      expect(codes[0]).toMatch(/^ENTRY_(NAME|TYPE)_REFUSED$/);
    }
    expect(await check(await fileOf(makeZip(entries)))).toMatchObject({ good: true, findings: [] });
  });

  it("CVE-2026-31988 (yauzl): odd zips end in a refusal", async () => {
    for (const bytes of [
      Buffer.from("504b0304140000000000", "hex"),
      makeZip([{ name: "x", content: "x" }], { disk: 7 }),
      makeZip([{ name: "x", content: "x" }], { count: 60_000 }),
      makeZip([{ name: "x", content: "x", stated: { offset: 1_000_000 } }]),
    ]) {
      const found = await laterOutcome(async () => check(await fileOf(bytes)));
      expect(found instanceof DrayError ? found.kind : errorCodes(found)).not.toEqual([]);
    }
  });

  it("devices and pipes are never made", async () => {
    for (const type of ["3", "4", "6"])
      expect(await fates([{ name: "x", type }])).toEqual([REFUSED]);
  });

  it("the archives above are refused for what was added: without it the bundle is good", async () => {
    expect((await check(await bundleFile(await sampleEntries()))).good).toBe(true);
  });
});
