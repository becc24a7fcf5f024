import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { makeBundle, newKey, readEntries, SIGNER } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { detachedPath, findDetached } from "../../src/trust/detached.ts";
import { keygen } from "../../src/stories/keygen.ts";
import { sign } from "../../src/stories/sign.ts";
import { parsePrivateKey, parsePublicKey } from "../../src/trust/keys.ts";
import { needs } from "../programs.ts";
import { check, errorCodes } from "../bundle/checking.ts";

const BOB = newKey("bob.key");

describe("sign()", () => {
  it("puts a second signature beside a bundle, and both count", async () => {
    const { path, bundleDigest } = await makeBundle();
    const signed = await sign({ path, key: BOB }, { workDirectory: tmpdir() });
    expect(signed).toEqual({
      path: `${path}.${BOB.id}.sigstore.json`,
      keyId: BOB.id,
      bundleDigest,
      dryRun: false,
    });
    const keys = [SIGNER.publicKey, BOB.publicKey];
    const report = await check(path, { keys, require: 2 });
    expect(report).toMatchObject({ good: true, findings: [] });
    expect(report.signedBy.map(({ id }) => id).toSorted()).toEqual([SIGNER.id, BOB.id].toSorted());
  });

  it("is enough for a bundle that was packed unsigned", async () => {
    const { path } = await makeBundle(undefined, { key: "none" });
    await sign({ path, key: BOB }, { workDirectory: tmpdir() });
    expect(await check(path, { keys: [BOB.publicKey] })).toMatchObject({
      good: true,
      findings: [],
    });
  });

  it("by the key that has signed already does not make two of one", async () => {
    const { path } = await makeBundle();
    await sign({ path, key: SIGNER }, { workDirectory: tmpdir() });
    const report = await check(path, { keys: [SIGNER.publicKey, BOB.publicKey], require: 2 });
    expect(errorCodes(report)).toEqual(["SIGNATURE_NOT_TRUSTED"]);
  });

  it("refuses to sign twice, or what is not whole", async () => {
    const { path } = await makeBundle();
    await sign({ path, key: BOB }, { workDirectory: tmpdir() });
    await expect(sign({ path, key: BOB }, { workDirectory: tmpdir() })).rejects.toMatchObject({
      code: "DRAY_FILE_EXISTS",
    });
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 2000) ^ 1, bytes.length - 2000);
    const damaged = join(await temporaryDirectory(), "damaged.tar.gz");
    await writeFile(damaged, bytes);
    await expect(
      sign({ path: damaged, key: BOB }, { workDirectory: tmpdir() }),
    ).rejects.toMatchObject({
      kind: "refused",
    });
    expect(await readdir(dirname(damaged))).toEqual(["damaged.tar.gz"]);
  });

  it("over another bundle refuses this one", async () => {
    const [one, two] = [await makeBundle(), await makeBundle({ files: { a: "other" } })];
    const signed = await sign({ path: two.path, key: BOB }, { workDirectory: tmpdir() });
    await writeFile(detachedPath(one.path, BOB.id), await readFile(signed.path));
    expect(errorCodes(await check(one.path, { keys: [SIGNER.publicKey, BOB.publicKey] }))).toEqual([
      "SIGNATURE_INVALID",
    ]);
    // Whoever does not trust that key does not care.
    expect((await check(one.path)).good).toBe(true);
  });

  it("lies beside a directory too, however that is written", async (context) => {
    needs(context, "tar");
    const { path } = await makeBundle();
    const directory = join(await temporaryDirectory(), "unpacked");
    await mkdir(directory);
    execFileSync("tar", ["-xzf", path, "-C", directory]);
    const signed = await sign({ path: `${directory}/`, key: BOB }, { workDirectory: tmpdir() });
    expect(signed.path).toBe(`${directory}.${BOB.id}.sigstore.json`);
    expect(await check(`${directory}/`, { keys: [BOB.publicKey] })).toMatchObject({ good: true });
  });

  it("says for each file beside the bundle that it is no signature", async () => {
    const { path } = await makeBundle();
    await writeFile(`${path}.x.sigstore.json`, "rubbish");
    const report = await check(path);
    expect(report.findings).toMatchObject([
      { code: "SIGNATURE_UNREADABLE", entry: `${basename(path)}.x.sigstore.json` },
    ]);
  });
});

describe("findDetached()", () => {
  it("takes what is named for this bundle, and nothing else", async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, "app.tar.gz");
    const names = [
      "app.tar.gz",
      "app.tar.gz.b.sigstore.json",
      "app.tar.gz.a.sigstore.json",
      "app.tar.gz.sig",
      "app.sigstore.json",
      "app2.tar.gz.a.sigstore.json",
      "._app.tar.gz.a.sigstore.json",
    ];
    for (const name of names) await writeFile(join(directory, name), "x");
    expect((await findDetached(path)).map(({ entry }) => entry)).toEqual([
      "app.tar.gz.a.sigstore.json",
      "app.tar.gz.b.sigstore.json",
    ]);
  });

  it("reads little of what is huge, and passes over directories and pipes", async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, "app.tar.gz");
    await writeFile(`${path}.big.sigstore.json`, Buffer.alloc(50_000_000));
    await mkdir(`${path}.dir.sigstore.json`);
    execFileSync("mkfifo", [`${path}.pipe.sigstore.json`]);
    const found = await findDetached(path);
    expect(found.map(({ bytes }) => bytes.length)).toEqual([64 * 1024 + 1]);
  });

  it("refuses more of them than anybody needs", async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, "app.tar.gz");
    for (let index = 0; index < 101; index++)
      await writeFile(`${path}.${index}.sigstore.json`, "x");
    await expect(findDetached(path)).rejects.toMatchObject({
      code: "DRAY_SIGNATURE_INVALID",
      kind: "refused",
    });
  });
});

describe("keygen()", () => {
  it("writes a pair of which only the owner reads the private half", async () => {
    const name = join(await temporaryDirectory(), "release");
    const made = await keygen(name, undefined);
    expect(made).toMatchObject({ privateKey: `${name}.key`, publicKey: `${name}.pub` });
    expect((await stat(made.privateKey)).mode & 0o777).toBe(0o600);
    const key = parsePrivateKey(await readFile(made.privateKey, "utf8"), { from: "x" });
    const pub = parsePublicKey(await readFile(made.publicKey, "utf8"), "x");
    expect([key.id, pub.id]).toEqual([made.keyId, made.keyId]);
  });

  it("encrypts with a passphrase", async () => {
    const name = join(await temporaryDirectory(), "release");
    const { privateKey, keyId } = await keygen(name, "secret");
    const pem = await readFile(privateKey, "utf8");
    expect(pem).toContain("ENCRYPTED");
    expect(parsePrivateKey(pem, { from: "x", passphrase: "secret" }).id).toBe(keyId);
  });

  it.each(["key", "pub"])(
    "never overwrites, and leaves no half of a pair: .%s is there",
    async (half) => {
      const name = join(await temporaryDirectory(), "release");
      await writeFile(`${name}.${half}`, "precious");
      await expect(keygen(name, undefined)).rejects.toMatchObject({
        code: "DRAY_FILE_EXISTS",
        kind: "usage",
      });
      expect(await readFile(`${name}.${half}`, "utf8")).toBe("precious");
      expect(await readdir(dirname(name))).toEqual([`release.${half}`]);
    },
  );

  it("makes keys with which bundles are signed and verified", async () => {
    const name = join(await temporaryDirectory(), "release");
    const { privateKey, publicKey } = await keygen(name, undefined);
    const key = parsePrivateKey(await readFile(privateKey, "utf8"), { from: privateKey });
    const made = await makeBundle(undefined, { key });
    const trusted = parsePublicKey(await readFile(publicKey, "utf8"), publicKey);
    expect(await check(made.path, { keys: [trusted] })).toMatchObject({
      good: true,
      signedBy: [{ from: publicKey }],
    });
    expect([...(await readEntries(made.path)).keys()]).toContain("SHA256SUMS.sig");
  });
});
