import { execFileSync } from "node:child_process";
import { chmod, mkdir, open, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { findDetached } from "../../src/trust/detached.ts";
import { readKeyFile, readPublicKey, readTrustFolder } from "../../src/trust/folder.ts";
import { generateKeyPair } from "../../src/trust/keys.ts";

describe("readTrustFolder()", () => {
  it("gives the keys by file name, and none where there is no folder", async () => {
    const folder = await temporaryDirectory();
    const [one, two] = [generateKeyPair(undefined), generateKeyPair(undefined)];
    await writeFile(join(folder, "b.pub"), two.publicKey);
    await writeFile(join(folder, "a.pem"), one.publicKey);
    await writeFile(join(folder, "notes.txt"), "not a key");
    expect((await readTrustFolder(folder)).map(({ id }) => id)).toEqual([one.id, two.id]);
    expect(await readTrustFolder(join(folder, "missing"))).toEqual([]);
  });

  it("is refused whole where one of its keys is none: less trust than meant is no surprise, more is", async () => {
    const folder = await temporaryDirectory();
    await writeFile(join(folder, "a.pub"), generateKeyPair(undefined).publicKey);
    await writeFile(join(folder, "b.pub"), "rubbish");
    await expect(readTrustFolder(folder)).rejects.toMatchObject({
      code: "DRAY_KEY_INVALID",
      message: expect.stringContaining("b.pub") as string,
    });
  });

  it("passes over what a desktop leaves there", async () => {
    const folder = await temporaryDirectory();
    await writeFile(join(folder, "a.pub"), generateKeyPair(undefined).publicKey);
    await writeFile(join(folder, "._a.pub"), Buffer.from("00051607", "hex"));
    await writeFile(join(folder, ".#a.pub"), "an editor's");
    expect(await readTrustFolder(folder)).toHaveLength(1);
  });

  it("refuses a private key that lies among them", async () => {
    const folder = await temporaryDirectory();
    await writeFile(join(folder, "oops.pem"), generateKeyPair(undefined).privateKey);
    await expect(readTrustFolder(folder)).rejects.toThrow(/it is a private key/);
  });
});

describe("readPublicKey()", () => {
  it("says where there is none", async () => {
    const path = join(await temporaryDirectory(), "missing.pub");
    await expect(readPublicKey(path)).rejects.toMatchObject({
      code: "DRAY_KEY_NOT_FOUND",
      kind: "usage",
      hint: expect.stringContaining("dray keygen") as string,
    });
  });

  it("reads no file that is much too large for a key", async () => {
    const path = join(await temporaryDirectory(), "large.pub");
    await writeFile(path, "x".repeat(100_000));
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: "DRAY_KEY_INVALID" });
  });

  it("reads no device and no directory", async () => {
    const folder = await temporaryDirectory();
    await mkdir(join(folder, "dir.pub"));
    await expect(readKeyFile(join(folder, "dir.pub"))).rejects.toThrow(/it is a directory/);
    await expect(readKeyFile("/dev/zero")).rejects.toMatchObject({ code: "DRAY_KEY_INVALID" });
  });

  it("waits for no pipe that lies in the trust folder or beside a bundle", async () => {
    const folder = await temporaryDirectory();
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await symlink("pipe", join(folder, "a.pub"));
    await expect(readTrustFolder(folder)).rejects.toMatchObject({
      code: "DRAY_KEY_INVALID",
      message: expect.stringContaining("expected a regular file, found a pipe") as string,
    });
    const bundle = join(folder, "bundle.tar.gz");
    await symlink("pipe", `${bundle}.abc.sigstore.json`);
    await expect(findDetached(bundle)).rejects.toMatchObject({
      code: "DRAY_SIGNATURE_INVALID",
      message: expect.stringContaining("bundle.tar.gz.abc.sigstore.json") as string,
    });
  });

  it("says of a pipe that nobody writes to that it is empty", async () => {
    const path = join(await temporaryDirectory(), "pipe.pub");
    execFileSync("mkfifo", [path]);
    await expect(readPublicKey(path)).rejects.toMatchObject({ code: "DRAY_KEY_INVALID" });
  });

  it("reads what comes out of a pipe that is named", async () => {
    const path = join(await temporaryDirectory(), "pipe.pub");
    execFileSync("mkfifo", [path]);
    const pair = generateKeyPair(undefined);
    // Opened to read as well, so that it does not wait for a reader.
    const writer = await open(path, "r+");
    await writer.write(pair.publicKey);
    const reading = readPublicKey(path);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writer.close();
    expect((await reading).id).toBe(pair.id);
  });

  it("reads a key with a passphrase file's habits: CR LF and blanks around it", async () => {
    const path = join(await temporaryDirectory(), "windows.pub");
    const pair = generateKeyPair(undefined);
    await writeFile(path, `\r\n${pair.publicKey.replaceAll("\n", "\r\n")}\r\n`);
    await chmod(path, 0o400);
    expect((await readPublicKey(path)).id).toBe(pair.id);
  });
});
