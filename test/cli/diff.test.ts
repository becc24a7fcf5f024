import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  makeBundle,
  makeChart,
  newKey,
  SIGNER,
  type BundleRecipe,
} from "../../fixtures/bundles.ts";
import { packedChart } from "../../fixtures/charts.ts";
import { makeImage, makeLayer, makeMultiArch } from "../../fixtures/images.ts";
import type { DiffReport } from "../../src/index.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle } from "../stories/lab.ts";
import { dray } from "./terminal.ts";

const keys = await mkdtemp(join(tmpdir(), "dray-test-"));
const key = join(keys, "release.pub");
await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
afterAll(() => rm(keys, { recursive: true }));

const base = makeLayer("base", 4000);
const web = (more: string) => makeImage([base, makeLayer(more, 500)]);

const POD = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: main, image: "ghcr.io/acme/IMAGE:1.0"}
`;

function shop(version: string, image: string): { tgz: Buffer } {
  const texts = {
    "Chart.yaml": `apiVersion: v2\nname: shop\nversion: ${version}\n`,
    "templates/web.yaml": POD.replace("IMAGE", image),
  };
  return { tgz: packedChart(texts, { name: "shop" }) };
}

const OLD: BundleRecipe = {
  name: "shop",
  version: "1.0",
  images: {
    "ghcr.io/acme/web:1.0": web("web"),
    "ghcr.io/acme/moved:1.0": web("moved"),
    "ghcr.io/acme/gone:1.0": web("gone"),
    "ghcr.io/acme/multi:1": makeMultiArch("multi"),
  },
  charts: [shop("1.0.0", "web"), { tgz: makeChart("same", "1.2.3") }],
  files: { "notes.txt": "old\n", "same.txt": "same\n" },
};

const NEW: BundleRecipe = {
  name: "shop",
  version: "1.1",
  images: {
    "ghcr.io/acme/web:1.1": web("web 1.1"),
    "ghcr.io/acme/moved:1.0": web("moved again"),
    "ghcr.io/acme/fresh:1.0": web("fresh"),
    "ghcr.io/acme/multi:1": web("multi"),
  },
  charts: [shop("1.1.0", "fresh"), { tgz: makeChart("same", "1.2.3") }],
  files: { "notes.txt": "new\n", "same.txt": "same\n" },
};

async function compared(old: string, now: string): Promise<DiffReport> {
  const { code, stdout } = await dray(["diff", old, now, "--key", key, "--json"]);
  expect(code).toBe(0);
  return JSON.parse(stdout) as DiffReport;
}

describe("dray diff", () => {
  it("names all that is added, removed and changed between two bundles", async () => {
    const [old, now] = [await makeBundle(OLD), await makeBundle(NEW)];
    const report = await compared(old.path, now.path);
    expect(report.added).toMatchObject([{ reference: "ghcr.io/acme/fresh:1.0" }]);
    expect(report.removed).toMatchObject([{ reference: "ghcr.io/acme/gone:1.0" }]);
    expect(
      report.changed.map(({ kind, new: { reference }, change }) => [kind, reference, change]),
    ).toEqual([
      ["chart", "charts/shop:1.1.0", "version"],
      ["file", "files/notes.txt", "content"],
      ["image", "ghcr.io/acme/moved:1.0", "content"],
      ["image", "ghcr.io/acme/multi:1", "content"],
      ["image", "ghcr.io/acme/web:1.1", "version"],
    ]);
    const multi = report.changed.find(({ new: { reference } }) => reference.includes("multi"));
    expect(multi?.platformsLost).toEqual(["linux/arm64"]);
    expect(report.unchanged).toBe(2);
    expect(report.needs).toEqual([
      {
        chart: "shop",
        old: "1.0.0",
        new: "1.1.0",
        gained: ["ghcr.io/acme/fresh:1.0"],
        lost: ["ghcr.io/acme/web:1.0"],
      },
    ]);
    expect(report.signers).toEqual({ added: [], removed: [] });
    expect(report.same).toBe(false);
  });

  it("counts each byte once, as new, in both or no longer", async () => {
    const make = (more: string, file: string) =>
      makeBundle({ images: { "a.example/web:1": web(more) }, files: { "a.txt": file } });
    const [old, now] = [await make("one", "old"), await make("two", "newer")];
    const { bytes, ...report } = await compared(old.path, now.path);
    const { root, blobs } = web("two");
    const total = [root, ...blobs].reduce(
      (sum, { bytes: { length } }) => sum + length,
      "newer".length,
    );
    expect(bytes?.shared).toBe(base.descriptor.size);
    expect((bytes?.added ?? 0) + (bytes?.shared ?? 0)).toBe(total);
    expect(report.notCompared).toEqual([]);
  });

  it("reads in text as a change board reads it", async () => {
    const [old, now] = [await makeBundle(OLD), await makeBundle(NEW, { key: newKey() })];
    const { stdout } = await dray(["diff", old.path, now.path, "--key", key]);
    expect(stdout).toContain(
      "image  ghcr.io/acme/moved:1.0\n    THE SAME NAME STANDS FOR SOMETHING",
    );
    expect(stdout).toContain("    LOST linux/arm64\n");
    expect(stdout).toContain("  shop 1.0.0 → 1.1.0\n    - ghcr.io/acme/web:1.0\n    + ghcr");
    expect(stdout).toMatch(/NO LONGER signed by {2}[0-9a-f]{64}\n/);
    expect(stdout).toContain(
      "Different: 1 added, 1 removed, 5 changed, 2 as before, 1 chart with other images, other signers.\n",
    );
  });

  it("says of two that hold the same that they do", async () => {
    const [old, now] = [await makeBundle(OLD), await makeBundle({ ...OLD, version: "1.0.1" })];
    const { stdout } = await dray(["diff", old.path, now.path, "--key", key]);
    expect(stdout).toContain("The same: 8 items as before.\n");
  });

  it("compares a lock, the bundle packed with it and the receipt of its push", async () => {
    const source = await startRegistry();
    await fill(source, makeMultiArch("app"), "team/app:1.0");
    const at = await desk(source);
    const chart = join(at.directory, "shop.tgz");
    await writeFile(chart, shop("1.0.0+one", "web").tgz);
    const lockPath = join(at.directory, "lock.json");
    const recipe = {
      platforms: [{ os: "linux", architecture: "arm64" }],
      charts: [{ kind: "file", path: chart } as const],
    };
    await packImages(at, ["team/app:1.0"], { recipe, lockPath });
    const target = await startRegistry();
    const receipt = join(at.directory, "receipt.json");
    await pushBundle(at.output, `${target.host}/mirror`, { receipt });
    for (const [old, now] of [
      [lockPath, at.output],
      [at.output, receipt],
      [receipt, lockPath],
    ] as const) {
      const report = await compared(old, now);
      const { added, removed, changed } = report;
      expect({ old, added, removed, changed }).toEqual({
        old,
        added: [],
        removed: [],
        changed: [],
      });
      expect(report.notCompared.length, `${old} ${now}`).toBeGreaterThan(0);
    }
    const { bytes } = await compared(receipt, at.output);
    expect(bytes).toMatchObject({ removed: 0 });
  });

  it("tells what a chart needs now from two locks, for the values of each", async () => {
    const source = await startRegistry();
    await fill(source, web("app"), "team/app:1.0");
    const at = await desk(source);
    const chart = join(at.directory, "shop.tgz");
    const locks = [join(at.directory, "old.json"), join(at.directory, "new.json")];
    for (const [index, lockPath] of locks.entries()) {
      await writeFile(chart, shop("1.0.0", index === 0 ? "web" : "other").tgz);
      const charts = [{ kind: "file", path: chart } as const];
      await packImages(at, ["team/app:1.0"], { recipe: { charts }, lockPath });
    }
    const { needs, changed } = await compared(locks[0] ?? "", locks[1] ?? "");
    expect(needs).toMatchObject([
      { gained: ["ghcr.io/acme/other:1.0"], lost: ["ghcr.io/acme/web:1.0"] },
    ]);
    expect(changed).toMatchObject([{ kind: "chart", change: "content" }]);
  });

  it.each(["diff", "inspect"])(
    "%s warns where fewer keys have signed than --require says, and has no use for --allow-unsigned",
    async (name) => {
      const { path } = await makeBundle(OLD);
      const argv = [name, path, ...(name === "diff" ? [path] : []), "--key", key];
      const few = await dray([...argv, "--require", "2"]);
      expect([few.code, few.stderr]).toEqual([
        0,
        expect.stringMatching(/warning: Expected 2 trusted signatures, found 1/),
      ]);
      const enough = await dray(argv);
      expect([enough.code, enough.stderr]).toEqual([0, expect.not.stringContaining("warning")]);
      expect(await dray([...argv, "--allow-unsigned"])).toEqual(enough);
      expect((await dray([name, "--help"])).stdout).not.toContain("--allow-unsigned");
    },
  );

  it("refuses a damaged bundle, another document and what is not there", async () => {
    const { path } = await makeBundle(OLD);
    const other = join(keys, "package.json");
    await writeFile(other, '{"name": "x"}\n');
    const wrong = await dray(["diff", path, other]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("package.json")]);
    const absent = await dray(["diff", join(keys, "none"), path]);
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining("none")]);
    const damaged = join(keys, "damaged.tar.gz");
    await writeFile(damaged, "\u001f\u008b nothing");
    expect((await dray(["diff", path, damaged])).code).toBe(3);
  });
});
