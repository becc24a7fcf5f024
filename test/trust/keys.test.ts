import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import {
  generateKeyPair,
  isEncrypted,
  isSignedBy,
  parsePrivateKey,
  parsePublicKey,
  signMessage,
} from "../../src/trust/keys.ts";
import { needs } from "../programs.ts";

const MESSAGE = Buffer.from("what is signed");

/** Runs openssl with files in a directory of its own. */
async function openssl(context: TestContext): Promise<(...args: string[]) => Promise<string>> {
  needs(context, "openssl");
  const directory = await temporaryDirectory();
  return async (...args) => {
    execFileSync("openssl", [...args, "-out", join(directory, "out")], {
      cwd: directory,
      stdio: "ignore",
    });
    const text = await readFile(join(directory, "out"), "utf8");
    execFileSync("cp", [join(directory, "out"), join(directory, "last")]);
    return text;
  };
}

describe("generateKeyPair()", () => {
  it("makes P-256 in PKCS#8 and SubjectPublicKeyInfo, with the id of the public half", () => {
    const pair = generateKeyPair(undefined);
    expect(pair.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(pair.publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    const der = Buffer.from(pair.publicKey.replace(/-----.*-----|\n/g, ""), "base64");
    expect(pair.id).toBe(createHash("sha256").update(der).digest("hex"));
    expect(parsePrivateKey(pair.privateKey, { from: "x" })).toMatchObject({
      kind: "p256",
      id: pair.id,
    });
    expect(parsePublicKey(pair.publicKey, "x")).toMatchObject({
      kind: "p256",
      id: pair.id,
      from: "x",
    });
  });

  it("encrypts with a passphrase, and only that one opens it", () => {
    const pair = generateKeyPair("open sesame");
    expect(pair.privateKey).toContain("BEGIN ENCRYPTED PRIVATE KEY");
    expect(isEncrypted(pair.privateKey)).toBe(true);
    expect(parsePrivateKey(pair.privateKey, { from: "x", passphrase: "open sesame" }).id).toBe(
      pair.id,
    );
  });

  it("makes trying passphrases slow: 600,000 rounds of PBKDF2, which openssl reads", async (context) => {
    needs(context, "openssl");
    const pair = generateKeyPair("open sesame");
    const path = join(await temporaryDirectory(), "encrypted.key");
    await writeFile(path, pair.privateKey);
    const parsed = execFileSync("openssl", ["asn1parse", "-in", path], { encoding: "utf8" });
    expect(parsed).toMatch(
      /:PBKDF2\n[^]*INTEGER +:0927C0\n[^]*:hmacWithSHA256\n[^]*:aes-256-cbc\n/,
    );
    const args = ["pkey", "-in", path, "-passin", "pass:open sesame", "-pubout"];
    expect(execFileSync("openssl", args, { encoding: "utf8" })).toBe(pair.publicKey);
  });

  it("makes another one each time", () => {
    expect(generateKeyPair(undefined).id).not.toBe(generateKeyPair(undefined).id);
  });
});

describe("an encrypted key", () => {
  const locked = expect.objectContaining({ code: "DRAY_KEY_LOCKED", kind: "usage" });

  it("without a passphrase says that it has one", () => {
    const { privateKey } = generateKeyPair("secret");
    expect(() => parsePrivateKey(privateKey, { from: "my.key" })).toThrow(locked);
    expect(() => parsePrivateKey(privateKey, { from: "my.key" })).toThrow(/it has a passphrase/);
  });

  it("says of every wrong passphrase that it is wrong, and never repeats it", () => {
    const encryption = { cipher: "aes-256-cbc", passphrase: "secret" };
    // The runtime's own encryption is a weak one, and quick to try.
    const privateKey = generateKeyPairSync("ec", { namedCurve: "P-256" })
      .privateKey.export({ type: "pkcs8", format: "pem", ...encryption })
      .toString();
    // A wrong key decrypts to something that ends like the right one, once in 256 times.
    for (let index = 0; index < 200; index++) {
      const passphrase = `wrong-${index}`;
      expect(() => parsePrivateKey(privateKey, { from: "my.key", passphrase })).toThrow(locked);
    }
    expect(() => parsePrivateKey(privateKey, { from: "my.key", passphrase: "hunter2" })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") as string }),
    );
  });

  it("takes an empty passphrase for a wrong one", () => {
    const { privateKey } = generateKeyPair("secret");
    expect(() => parsePrivateKey(privateKey, { from: "x", passphrase: "" })).toThrow(locked);
  });

  it("that is damaged is told from one that is locked, where that can be known", () => {
    const { privateKey } = generateKeyPair("secret");
    const broken = privateKey.replace(/\n[A-Za-z0-9+/]{10}/, "\n!!!!!!!!!!");
    expect(() => parsePrivateKey(broken, { from: "x", passphrase: "secret" })).toThrow(
      expect.objectContaining({ kind: "usage" }),
    );
  });
});

describe("keys of openssl", () => {
  it("in PKCS#8, SEC1 and encrypted forms sign what their public halves verify", async (context) => {
    const run = await openssl(context);
    const keys = {
      pkcs8: await run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
      sec1: await run("ec", "-in", "last"),
      "sec1 encrypted": await run("ec", "-in", "last", "-aes256", "-passout", "pass:secret"),
      "pkcs8 encrypted": await run(
        "pkcs8",
        "-topk8",
        "-in",
        "last",
        "-passin",
        "pass:secret",
        "-passout",
        "pass:secret",
      ),
      "pkcs8 scrypt": await run(
        "pkcs8",
        "-topk8",
        "-scrypt",
        "-in",
        "last",
        "-passin",
        "pass:secret",
        "-passout",
        "pass:secret",
      ),
    };
    const pub = await run("pkey", "-in", "last", "-passin", "pass:secret", "-pubout");
    const publicKey = parsePublicKey(pub, "openssl.pub");
    for (const [form, pem] of Object.entries(keys)) {
      const passphrase = isEncrypted(pem) ? "secret" : undefined;
      const key = parsePrivateKey(pem, { from: form, passphrase });
      expect([form, key.id]).toEqual([form, publicKey.id]);
      expect(isSignedBy(publicKey, MESSAGE, signMessage(key, MESSAGE))).toBe(true);
      if (passphrase === undefined) continue;
      expect(() => parsePrivateKey(pem, { from: form, passphrase: "wrong" })).toThrow(
        expect.objectContaining({ code: "DRAY_KEY_LOCKED" }),
      );
    }
  });

  it("of Ed25519 do so too, and openssl verifies what they sign", async (context) => {
    const run = await openssl(context);
    const key = parsePrivateKey(await run("genpkey", "-algorithm", "ed25519"), { from: "ed" });
    const publicKey = parsePublicKey(await run("pkey", "-in", "last", "-pubout"), "ed.pub");
    expect(key).toMatchObject({ kind: "ed25519", id: publicKey.id });
    const signature = signMessage(key, MESSAGE);
    expect(signature).toHaveLength(64);
    expect(isSignedBy(publicKey, MESSAGE, signature)).toBe(true);
  });

  it("verify what a key of ours signed", async (context) => {
    needs(context, "openssl");
    const directory = await temporaryDirectory();
    const pair = generateKeyPair(undefined);
    const signature = signMessage(parsePrivateKey(pair.privateKey, { from: "x" }), MESSAGE);
    await writeFile(join(directory, "pub"), pair.publicKey);
    await writeFile(join(directory, "sig"), signature);
    await writeFile(join(directory, "message"), MESSAGE);
    const args = ["dgst", "-sha256", "-verify", "pub", "-signature", "sig", "message"];
    expect(execFileSync("openssl", args, { cwd: directory, encoding: "utf8" })).toBe(
      "Verified OK\n",
    );
  });
});

function publicPem(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

describe("what is no key to sign bundles with", () => {
  it.each([
    ["RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }), "rsa"],
    ["P-384", generateKeyPairSync("ec", { namedCurve: "secp384r1" }), "secp384r1"],
    ["secp256k1", generateKeyPairSync("ec", { namedCurve: "secp256k1" }), "secp256k1"],
    ["Ed448", generateKeyPairSync("ed448"), "ed448"],
    ["X25519", generateKeyPairSync("x25519"), "x25519"],
  ])("is refused by name: %s", (_name, pair, found) => {
    const unsupported = expect.objectContaining({
      code: "DRAY_KEY_UNSUPPORTED",
      kind: "usage",
      message: expect.stringContaining(`found ${found}`) as string,
    });
    expect(() => parsePublicKey(publicPem(pair.publicKey), "x.pub")).toThrow(unsupported);
    const secret = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(() => parsePrivateKey(secret, { from: "x.key" })).toThrow(unsupported);
  });

  it.each([["ENCRYPTED SIGSTORE PRIVATE KEY"], ["ENCRYPTED COSIGN PRIVATE KEY"]])(
    "is refused with a way out: %s",
    (label) => {
      const text = `-----BEGIN ${label}-----\neyJ\n-----END ${label}-----\n`;
      expect(() => parsePrivateKey(text, { from: "cosign.key", passphrase: "x" })).toThrow(
        expect.objectContaining({
          code: "DRAY_KEY_UNSUPPORTED",
          hint: expect.stringContaining("import-key-pair") as string,
        }),
      );
    },
  );

  it("is refused where one file has two keys, of which one would be passed over", () => {
    const [one, two] = [generateKeyPair(undefined), generateKeyPair(undefined)];
    const twice = expect.objectContaining({
      code: "DRAY_KEY_INVALID",
      message: expect.stringContaining("expected one key, found 2") as string,
    });
    expect(() => parsePublicKey(one.publicKey + two.publicKey, "x.pub")).toThrow(twice);
    expect(() => parsePrivateKey(one.privateKey + two.publicKey, { from: "x" })).toThrow(twice);
  });

  it("is refused where the wrong half was named", () => {
    const pair = generateKeyPair(undefined);
    expect(() => parsePrivateKey(pair.publicKey, { from: "x.pub" })).toThrow(/it is a public key/);
    expect(() => parsePublicKey(pair.privateKey, "x.key")).toThrow(/it is a private key/);
    expect(() => parsePrivateKey(pair.publicKey, { from: "x.pub" })).toThrow(
      expect.objectContaining({ code: "DRAY_KEY_INVALID" }),
    );
  });

  it.each([
    ["nothing", ""],
    ["text", "hello"],
    ["an empty block", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"],
    ["rubbish in a block", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"],
    ["an SSH key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPaXZnYb9n0nQm2Zx user@host"],
  ])("is refused: %s", (_what, text) => {
    const invalid = expect.objectContaining({ code: "DRAY_KEY_INVALID", kind: "usage" });
    expect(() => parsePublicKey(text, "x.pub")).toThrow(invalid);
    expect(() => parsePrivateKey(text, { from: "x.key" })).toThrow(invalid);
  });
});

describe("isSignedBy()", () => {
  it("is false for other messages, other keys and broken signatures", () => {
    for (const pair of [
      generateKeyPairSync("ed25519"),
      generateKeyPairSync("ec", { namedCurve: "P-256" }),
    ]) {
      const key = parsePrivateKey(
        pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
        { from: "x" },
      );
      const other = parsePrivateKey(generateKeyPair(undefined).privateKey, { from: "y" });
      const signature = signMessage(key, MESSAGE);
      expect(isSignedBy(key.publicKey, MESSAGE, signature)).toBe(true);
      expect(isSignedBy(key.publicKey, Buffer.from("another"), signature)).toBe(false);
      expect(isSignedBy(other.publicKey, MESSAGE, signature)).toBe(false);
      for (let at = 0; at < signature.length; at++) {
        const changed = Buffer.from(signature);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        expect(isSignedBy(key.publicKey, MESSAGE, changed)).toBe(false);
      }
      for (const broken of [
        Buffer.alloc(0),
        signature.subarray(1),
        Buffer.alloc(64),
        Buffer.alloc(100_000),
      ]) {
        expect(isSignedBy(key.publicKey, MESSAGE, broken)).toBe(false);
      }
    }
  });
});
