import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  makeBundle,
  readEntries,
  sampleRecipe,
  type BundleRecipe,
} from "../../fixtures/bundles.ts";
import { makeImage, makeLayer, makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import { unpack, type RuntimeArchives } from "../../src/stories/unpack.ts";
import { TRUST } from "../bundle/checking.ts";

const ONE = makeImage([makeLayer("one", 500)]);
const AMD64 = parsePlatform("linux/amd64");

async function archives(
  images: NonNullable<BundleRecipe["images"]>,
  as: RuntimeArchives,
): Promise<string> {
  const { path } = await makeBundle({ ...sampleRecipe(), images });
  const directory = join(await temporaryDirectory(), "out");
  await unpack({ path, directory, trust: TRUST, as });
  return directory;
}

describe("images as archives that runtimes load", () => {
  it("tells apart names that a file system cannot", async () => {
    const images = { "r.example/a/b:1": ONE, "r.example/a_b:1": makeImage([makeLayer("two", 5)]) };
    const names = await readdir(await archives(images, { form: "oci-archive" }));
    expect(names).toHaveLength(2);
    expect(names).toContain("r.example_a_b_1.tar");
  });

  it("keeps a name of any length short enough for a file", async () => {
    const images = { [`r.example/${"long/".repeat(40)}name:${"t".repeat(100)}`]: ONE };
    const [name = ""] = await readdir(await archives(images, { form: "oci-archive" }));
    expect(name.length).toBeLessThanOrEqual(255);
  });

  it("has no tag for what is named by digest alone", async () => {
    const images = { [`r.example/a@${ONE.root.descriptor.digest}`]: ONE };
    const directory = await archives(images, { form: "docker-archive", single: true });
    const entries = await readEntries(join(directory, "images.tar"));
    expect(JSON.parse(String(entries.get("manifest.json")))).toMatchObject([{ RepoTags: null }]);
  });

  it("gives the same bytes again, and each blob once", async () => {
    const images = {
      "r.example/a:1": makeMultiArch("same"),
      "r.example/b:1": makeMultiArch("same", { own: "other" }),
    };
    const choice = { form: "docker-archive", platform: AMD64, single: true } as const;
    const first = join(await archives(images, choice), "images.tar");
    const second = join(await archives(images, choice), "images.tar");
    expect(await readFile(second)).toEqual(await readFile(first));
    const names = execFileSync("tar", ["-tf", first], { encoding: "utf8" }).trim().split("\n");
    expect(new Set(names).size).toBe(names.length);
  });

  it("refuses a Docker archive of several platforms, and one that is not there", async () => {
    const images = { "r.example/many:1": makeMultiArch("many") };
    await expect(archives(images, { form: "docker-archive" })).rejects.toMatchObject({
      code: "DRAY_PLATFORM_MISSING",
      message: expect.stringContaining("linux/amd64, linux/arm64") as string,
    });
    const platform = parsePlatform("linux/s390x");
    await expect(archives(images, { form: "oci-archive", platform })).rejects.toMatchObject({
      code: "DRAY_PLATFORM_MISSING",
    });
  });

  it("refuses a bundle without images", async () => {
    await expect(archives({}, { form: "oci-archive" })).rejects.toMatchObject({
      code: "DRAY_USAGE",
      message: expect.stringContaining("has none") as string,
    });
  });
});
