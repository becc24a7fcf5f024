import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { readPublicKey } from "../../src/trust/folder.ts";
import { dray } from "./terminal.ts";

const PASSPHRASE = { DRAY_KEY_PASSPHRASE: "a long one" };

describe("dray keygen", () => {
  it("writes an encrypted private key that only its owner can read, and a public key", async () => {
    const name = join(await temporaryDirectory(), "release");
    const { code, stdout } = await dray(["keygen", name, "--json"], { env: PASSPHRASE });
    expect(code).toBe(0);
    const { keyId } = JSON.parse(stdout) as { keyId: string };
    expect(keyId).toMatch(/^[a-f0-9]{64}$/);
    expect((await stat(`${name}.key`)).mode & 0o777).toBe(0o600);
    expect(await readFile(`${name}.key`, "utf8")).toContain("BEGIN ENCRYPTED PRIVATE KEY");
    expect(await readFile(`${name}.pub`, "utf8")).toContain("BEGIN PUBLIC KEY");
  });

  it("never overwrites a key", async () => {
    const name = join(await temporaryDirectory(), "release");
    await writeFile(`${name}.pub`, "somebody's");
    const { code, stderr } = await dray(["keygen", name, "--no-passphrase"]);
    expect(code).toBe(2);
    expect(stderr).toContain("it exists already");
    expect(await readFile(`${name}.pub`, "utf8")).toBe("somebody's");
    await expect(stat(`${name}.key`)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it.each(["", ".", "..", "keys/"])("refuses %j, which names no files", async (last) => {
    const folder = await temporaryDirectory();
    await mkdir(join(folder, "keys"));
    const { code, stderr } = await dray(["keygen", `${folder}/${last}`, "--no-passphrase"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected a name for both files")]);
    expect((await readdir(folder, { recursive: true })).toSorted()).toEqual(["keys"]);
  });

  it("refuses a passphrase beside --no-passphrase, before anything is written", async () => {
    const folder = await temporaryDirectory();
    const argv = ["keygen", join(folder, "z"), "--no-passphrase", "--passphrase-file", "a"];
    const { code, stderr } = await dray(argv);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--passphrase-file")]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("without a terminal and a passphrase says where one can come from", async () => {
    const name = join(await temporaryDirectory(), "release");
    const { code, stderr } = await dray(["keygen", name]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      "Set DRAY_KEY_PASSPHRASE, or use --passphrase-file or --no-passphrase",
    );
  });
});

describe("a passphrase", () => {
  it.each([
    ["Ctrl-C", "secret\u0003"],
    ["Ctrl-D", "\u0004"],
  ])(
    "that is not given but %s is an interrupt: 130, and nothing is written",
    async (_key, typed) => {
      const name = join(await temporaryDirectory(), "release");
      const { code, stderr } = await dray(["keygen", name], { typed });
      expect([code, stderr]).toEqual([
        130,
        expect.stringMatching(/\nInterrupted: no passphrase was given, and nothing was done\.\n$/),
      ]);
      await expect(stat(`${name}.key`)).rejects.toMatchObject({ code: "ENOENT" });
    },
  );

  it("of a key to sign with can be interrupted too: 130", async () => {
    const name = join(await temporaryDirectory(), "release");
    await dray(["keygen", name], { env: PASSPHRASE });
    const { path } = await makeBundle();
    const argv = ["sign", path, "--sign-key", `${name}.key`];
    expect((await dray(argv, { typed: "\u0003" })).code).toBe(130);
    expect(await dray(argv, { typed: `${PASSPHRASE.DRAY_KEY_PASSPHRASE}\n` })).toMatchObject({
      code: 0,
    });
  });

  it("is not asked for where the key is there already, or could not be written: 2", async () => {
    const name = join(await temporaryDirectory(), "release");
    await writeFile(`${name}.pub`, "somebody's");
    for (const one of [name, join(name, "below"), join(`${name}-gone`, "below")]) {
      const { code, stderr } = await dray(["keygen", one], { typed: "" });
      expect([code, stderr]).toEqual([2, expect.not.stringContaining("Passphrase")]);
      expect(stderr).toMatch(/^dray: Cannot write key .*\n\nhint: /);
    }
  });
});

describe("a private key", () => {
  it("that everybody can read is used with a warning", async () => {
    const { path } = await makeBundle();
    const name = join(await temporaryDirectory(), "open");
    await dray(["keygen", name, "--no-passphrase"]);
    const first = await dray(["sign", path, "--sign-key", `${name}.key`, "-q"]);
    expect(first).toEqual({ code: 0, stdout: "", stderr: "" });
    await rm(`${path}.${(await readPublicKey(`${name}.pub`)).id}.sigstore.json`);
    await chmod(`${name}.key`, 0o644);
    const { code, stderr } = await dray(["sign", path, "--sign-key", `${name}.key`, "-q"]);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Warning: everybody .* chmod 600/)]);
  });
});

describe("trust", () => {
  it("cannot be asked for and waived at once: 2", async () => {
    const { code, stderr } = await dray(["verify", "b", "--require", "2", "--allow-unsigned"]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("--require 2 with --allow-unsigned"),
    ]);
  });

  it("is not needed to see that a bundle is whole, and nobody says that it is unchanged", async () => {
    const { path } = await makeBundle();
    const { code, stdout } = await dray(["verify", path, "--allow-unsigned"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Whole: everything is there\. No trusted key has signed it/m);
    expect(stdout).not.toMatch(/Good|unchanged/);
  });
});

describe("dray sign", () => {
  it("puts a second signature beside a bundle, and --require 2 wants both", async () => {
    const { path } = await makeBundle();
    const directory = await temporaryDirectory();
    const name = join(directory, "reviewer");
    await writeFile(join(directory, "passphrase"), "from a file\n");
    const file = ["--passphrase-file", join(directory, "passphrase")];
    expect((await dray(["keygen", name, ...file])).code).toBe(0);
    const release = join(directory, "release.pub");
    const pem = SIGNER.publicKey.key.export({ type: "spki", format: "pem" });
    await writeFile(release, pem);
    const both = ["verify", path, "--key", release, "--key", `${name}.pub`, "--require", "2"];

    expect((await dray(both)).code).toBe(3);
    const wrong = await dray(["sign", path, "--sign-key", `${name}.key`], { env: PASSPHRASE });
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("wrong passphrase")]);
    expect((await dray(["sign", path, "--sign-key", `${name}.key`, ...file])).code).toBe(0);
    const { code, stdout } = await dray(both);
    expect([code, stdout]).toEqual([0, expect.stringContaining("Good: everything is there")]);
    const again = await dray(["sign", path, "--sign-key", `${name}.key`, ...file]);
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining("signed the bundle before"),
    ]);
  });
});
