import { chmod, lchown, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { requireOwnWay, requirePlace } from "../../src/content/output-place.ts";
import { dray } from "../cli/terminal.ts";
import { refusal } from "../refusal.ts";

interface Trap {
  /** A folder that everybody can write, as the system's for temporary files. */
  readonly shared: string;
  /** What a link in it leads to. */
  readonly victim: string;
}

async function trap(): Promise<Trap> {
  const directory = await temporaryDirectory();
  const [shared, victim] = [join(directory, "shared"), join(directory, "victim")];
  await mkdir(shared);
  await mkdir(victim);
  await chmod(shared, 0o1777);
  await symlink(victim, join(shared, "link"));
  return { shared, victim };
}

describe("a link in a folder that others can write", () => {
  it.each<[string, (place: string, bundle: string) => string[]]>([
    ["a bundle", (place) => ["pack", "--unsigned", "--file", "FILE", "-o", `${place}/b.tar.gz`]],
    ["a lock", (place) => ["pack", "--unsigned", "--file", "FILE", "--lock", `${place}/l.json`]],
    ["a receipt", (place, bundle) => ["push", bundle, "r.test", "--receipt", `${place}/r.json`]],
    ["an unpacked bundle", (place, bundle) => ["unpack", bundle, `${place}/new/deep`]],
    ["a key", (place) => ["keygen", `${place}/release`]],
  ])("leads %s nowhere: 2", async (_what, command) => {
    const { shared, victim } = await trap();
    const { path } = await makeBundle();
    const place = join(shared, "link");
    const argv = command(place, path).map((word) => (word === "FILE" ? path : word));
    const trust = argv[0] === "push" || argv[0] === "unpack" ? ["--allow-unsigned"] : [];
    const env = { DRAY_STORE: join(victim, "../store"), DRAY_KEY_PASSPHRASE: "x" };
    const { code, stderr } = await dray([...argv, ...trust], { env });
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(
        `${JSON.stringify(place)} is a link in a folder that others can write`,
      ),
    ]);
    expect(await readdir(victim)).toEqual([]);
    expect(await readdir(shared)).toEqual(["link"]);
  });

  it("that a group can write is followed where it is one's own, and refused of another", async (context) => {
    if (process.getuid?.() !== 0) context.skip("needs to give a link to another account");
    const { shared, victim } = await trap();
    await chmod(shared, 0o775);
    const place = join(shared, "link", "r.json");
    await requirePlace(place, "receipt");
    await lchown(join(shared, "link"), 65_534, 65_534);
    expect(await refusal(() => requirePlace(place, "receipt"))).toMatchObject({
      code: "DRAY_OUTPUT_REFUSED",
      message: expect.stringContaining(`${join(shared, "link")}" is a link in a folder`) as string,
    });
    await chmod(shared, 0o755);
    await requirePlace(join(victim, "r.json"), "receipt");
    await requirePlace(place, "receipt");
  });

  it("is found wherever on the way it is, and through other links", async () => {
    const { shared, victim } = await trap();
    await symlink(shared, join(victim, "back"));
    await mkdir(join(victim, "sub"));
    for (const path of [
      join(shared, "link"),
      join(shared, "link", "sub", "r.json"),
      join(victim, "back", "link", "sub", "r.json"),
    ]) {
      expect((await refusal(() => requirePlace(path, "receipt"))).code).toBe("DRAY_OUTPUT_REFUSED");
      expect((await refusal(() => requireOwnWay(path, "key"))).code).toBe("DRAY_OUTPUT_REFUSED");
    }
  });

  it("is no matter in a folder of one's own, nor a plain folder among what others can write", async () => {
    const { shared, victim } = await trap();
    await symlink(victim, join(victim, "own"));
    await mkdir(join(shared, "plain"));
    for (const path of [join(victim, "own", "r.json"), join(shared, "plain", "r.json")]) {
      expect(await requirePlace(path, "receipt")).toBeUndefined();
    }
  });

  it("in a circle ends", async () => {
    const directory = await temporaryDirectory();
    await symlink("b", join(directory, "a"));
    await symlink("a", join(directory, "b"));
    const path = join(directory, "a", "r.json");
    expect((await refusal(() => requirePlace(path, "receipt"))).code).toBe("DRAY_OUTPUT_REFUSED");
  });
});
