import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { dray } from "./terminal.ts";

const BIG = 1_200_000;

async function bundle(): Promise<string> {
  return (await makeBundle({ files: { big: seededBytes("big", BIG) } })).path;
}

async function key(): Promise<string> {
  const path = join(await temporaryDirectory(), "release.pub");
  await writeFile(path, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
  return path;
}

describe("dray split", () => {
  it.each([
    ["500KB", 500_000],
    ["500KiB", 512_000],
    ["1M", 1_048_576],
    ["600000", 600_000],
  ])("cuts parts of %s", async (size, bytes) => {
    const directory = await temporaryDirectory();
    const { code, stdout } = await dray(["split", await bundle(), "--size", size, "-o", directory]);
    expect(code).toBe(0);
    expect(stdout).toContain("part 1 of");
    const [first] = await readdir(directory);
    expect((await stat(join(directory, first ?? ""))).size).toBe(bytes);
  });

  it("takes no size that is none, and ends with 2", async () => {
    for (const size of ["0", "5", "700", "big", "-5", "1XB", "1.5GB"]) {
      const { code, stderr } = await dray(["split", await bundle(), `--size=${size}`]);
      expect([size, code]).toEqual([size, 2]);
      expect(stderr).toContain("fat32, dvd, bd, or a size such as");
    }
    expect((await dray(["split", await bundle()])).code).toBe(2);
    expect((await dray(["split", "nothing.tar.gz", "--size", "fat32"])).code).toBe(2);
  });

  it("makes parts that verify, inspect and push take from several folders", async () => {
    const path = await bundle();
    const [one, other] = [await temporaryDirectory(), await temporaryDirectory()];
    const words = ["split", path, "--size", "1MB"];
    expect((await dray([...words, "--part", "1", "-o", one])).code).toBe(0);
    expect((await dray([...words, "--part", "2", "-o", other])).code).toBe(0);
    const flags = ["--parts", other, "--key", await key()];
    const [first = ""] = await readdir(one);
    const verified = await dray(["verify", join(one, first), ...flags]);
    expect(verified.stdout).toContain("Good: everything is there and unchanged.");
    expect((await dray(["inspect", one, ...flags])).code).toBe(0);
    const lacking = await dray(["verify", join(one, first), "--key", await key()]);
    expect(lacking.code).toBe(3);
    expect(lacking.stderr).toContain("part 2 of 2 is missing");
  });

  it("makes parts that are pushed as the whole is", async () => {
    const { path } = await makeBundle();
    const directory = await temporaryDirectory();
    await dray(["split", path, "--size", "5000", "-o", directory]);
    const { host } = await startRegistry();
    const words = ["push", directory, `${host}/mirror`, "--key", await key(), "--plain-http"];
    const { code, stdout } = await dray(words);
    expect(code).toBe(0);
    expect(stdout).toContain("every manifest was read back");
  });
});
