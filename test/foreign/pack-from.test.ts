import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileOf, gzipped, makeTar } from "../../fixtures/archives.ts";
import { makeChart, newKey, readEntries } from "../../fixtures/bundles.ts";
import { classicSave, directoryOf, layoutMembers, named, tarFile } from "../../fixtures/foreign.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { Recipe } from "../../src/intake/recipe/recipe.ts";
import { parseImage } from "../../src/intake/recipe/recipe.ts";
import { parseNames } from "../../src/foreign/given-names.ts";
import { pack, type PackResult } from "../../src/stories/pack.ts";
import { push } from "../../src/stories/push.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { verify } from "../../src/stories/verify.ts";
import { fill, read, repositoryOf, startRegistry } from "../remote/registry/lab.ts";
import { filesBelow, recipeOf } from "../stories/lab.ts";
import { refusal } from "../refusal.ts";
import { codes, optionsFor, plainImage } from "./lab.ts";

const KEY = newKey("from.key");
const TRUST = { keys: [KEY.publicKey] };
const APP = "registry.example/team/app:1.0";
const SAVED = "registry.example/team/saved:2.0";

const app = makeMultiArch("app", { size: 3000 });
const saved = plainImage("saved");

/** A vendor's archive: a layout, an archive of docker save, a chart. */
async function vendorArchive(): Promise<string> {
  const members = [
    ...layoutMembers([named(app, APP)], "vendor/layout/"),
    { name: "vendor/saved.tar", content: makeTar(classicSave([{ image: saved, tags: [SAVED] }])) },
    { name: "vendor/web-1.2.3.tgz", content: makeChart("web", "1.2.3") },
  ];
  return fileOf(gzipped(makeTar(members)), "vendor.tgz");
}

async function packFrom(
  recipe: Partial<Recipe>,
  output?: string,
): Promise<PackResult & { path: string }> {
  const directory = await temporaryDirectory();
  const path = output ?? join(directory, "bundle.tar.gz");
  const result = await pack(
    {
      recipe: recipeOf(recipe),
      store: join(directory, "store"),
      output: path,
      signingKey: KEY,
    },
    { workDirectory: directory },
  );
  return { ...result, path };
}

describe("pack --from", () => {
  it("makes a signed bundle of what others have packed, which is good", async () => {
    const { path, plan } = await packFrom({ from: [await vendorArchive()] });
    const report = await verify({ path, trust: TRUST }, { workDirectory: "/tmp" });
    expect(codes(report)).toEqual([]);
    expect(report.good).toBe(true);
    expect(report.manifest?.artifacts.map(({ kind, reference }) => [kind, reference])).toEqual([
      ["chart", "charts/web:1.2.3"],
      ["image", APP],
      ["image", SAVED],
    ]);
    expect(plan.findings.map(({ code }) => code)).toEqual(["DIGEST_NEW"]);
  });

  it("gives the same bytes whatever the form, and the digests that a direct push gives", async () => {
    const members = layoutMembers([named(app, APP)]);
    const [one, two] = [
      await packFrom({ from: [await tarFile(members)] }),
      await packFrom({ from: [await directoryOf(members)] }),
    ];
    expect(one.written?.bundleDigest).toBe(two.written?.bundleDigest);
    const archive = await vendorArchive();
    const { path } = await packFrom({ from: [archive] });
    const target = await startRegistry();
    const common = {
      target: target.host,
      mapping: { mode: "drop-host" as const, rules: [] },
      workDirectory: await temporaryDirectory(),
    };
    const direct = await push({ ...optionsFor(archive), ...common });
    expect(direct.artifacts.map(({ result }) => result)).toEqual(["pushed", "pushed", "pushed"]);
    const again = await push({ path, trust: TRUST, ...common });
    expect(again.artifacts.map(({ result }) => result)).toEqual(["present", "present", "present"]);
    expect(again.totals.copied.blobs).toBe(0);
    const repository = repositoryOf(target, { name: "team/app" });
    for (const { descriptor, bytes } of [app.root, ...app.blobs]) {
      expect((await read(repository, descriptor)).equals(bytes)).toBe(true);
    }
  });

  it("takes images of a registry along, and the same image from both once", async () => {
    const source = await startRegistry();
    await fill(source, app, "team/app:1.0");
    const name = `${source.host}/team/app:1.0`;
    const layout = await tarFile(layoutMembers([named(app, name), named(app, APP)]));
    const recipe = { images: [{ reference: parseImage(name) }], from: [layout] };
    const { path } = await packFrom(recipe);
    const report = await verify({ path, trust: TRUST }, { workDirectory: "/tmp" });
    expect(codes(report)).toEqual([]);
    expect(report.manifest?.artifacts.map(({ reference }) => reference)).toEqual(
      [name, APP].toSorted(),
    );
    const other = await tarFile(layoutMembers([named(saved, name)]));
    const error = await refusal(() => packFrom({ ...recipe, from: [other] }));
    expect(error.code).toBe("DRAY_RECIPE_AMBIGUOUS");
  });

  it("needs a name for what has none, and no name for what is not there", async () => {
    const { digest } = app.root.descriptor;
    const from = [await tarFile(layoutMembers([named(app, "1.0")]))];
    const error = await refusal(() => packFrom({ from }));
    expect(error).toMatchObject({ code: "DRAY_BUNDLE_REFUSED", kind: "refused" });
    expect(error.hint).toContain(`--rename ${digest}=`);
    const { manifest } = await packFrom({ from, names: parseNames([`${digest}=${APP}`]) });
    expect(manifest?.artifacts).toMatchObject([{ reference: APP, digest }]);
    const names = parseNames([`${saved.root.descriptor.digest}=${APP}`]);
    expect((await refusal(() => packFrom({ from, names }))).code).toBe("DRAY_NAME_UNUSED");
  });

  it("does not take what is nothing of the kind", async () => {
    const text = await tarFile([{ name: "notes.txt", content: "Hello" }]);
    expect((await refusal(() => packFrom({ from: [text] }))).code).toBe("DRAY_FROM_UNKNOWN");
  });

  it("leaves nothing in the work directory", async () => {
    const workDirectory = await temporaryDirectory();
    const path = await vendorArchive();
    await pack(
      {
        recipe: recipeOf({ from: [path] }),
        store: join(await temporaryDirectory(), "store"),
        output: join(await temporaryDirectory(), "bundle.tar.gz"),
      },
      { workDirectory },
    );
    await verify({ ...optionsFor(path) }, { workDirectory });
    expect(await filesBelow(workDirectory)).toEqual([]);
  });
});

describe("unpack", () => {
  it("of what others have packed gives what unpacking the packed bundle gives", async () => {
    const archive = await vendorArchive();
    const { path } = await packFrom({ from: [archive], name: "web", version: "1.2.3" });
    const directory = join(await temporaryDirectory(), "direct");
    await unpack({ ...optionsFor(archive), directory });
    const entries = [...(await readEntries(path)).keys()];
    expect(await filesBelow(directory)).toEqual(
      entries.filter((name) => !name.startsWith("SHA256SUMS.")).toSorted(),
    );
  });
});
