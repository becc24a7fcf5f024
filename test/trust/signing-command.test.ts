import { writeFile } from "node:fs/promises";
import { sign } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { newKey } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { isSignedBy, parsePrivateKey, signMessage, type PrivateKey } from "../../src/trust/keys.ts";
import { signWith, type SigningCommand } from "../../src/trust/signing-command.ts";
import { needsShell } from "../programs.ts";
import { generateKeyPairSync } from "node:crypto";

const KEY = newKey("hsm.key");
const ED25519 = parsePrivateKey(
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  { from: "ed.key" },
);
const MESSAGE = Buffer.from(`${"0".repeat(64)}  bundle.json\n`);

/** A program that does what a script of Node.js does. */
async function program(script: string): Promise<string> {
  const path = join(await temporaryDirectory(), "hsm.mjs");
  await writeFile(path, script);
  return `"${process.execPath}" "${path}"`;
}

/** A program that reads all of its input and prints these bytes. */
function printing(bytes: Uint8Array | string): Promise<string> {
  const text = Buffer.from(bytes).toString("base64");
  return program(
    `for await (const _ of process.stdin);\nprocess.stdout.write(Buffer.from("${text}", "base64"));\n`,
  );
}

async function signedBy(
  key: SigningCommand,
  message: Uint8Array,
  signal?: AbortSignal,
): Promise<Buffer> {
  return (await signWith(key, message, signal)).signature;
}

function signed(command: string, key: PrivateKey = KEY, patience?: number): Promise<Buffer> {
  return signedBy({ command, publicKey: key.publicKey, patience }, MESSAGE);
}

const DER = signMessage(KEY, MESSAGE);
const PLAIN = sign("sha256", MESSAGE, { key: KEY.key, dsaEncoding: "ieee-p1363" });
const PURE = signMessage(ED25519, MESSAGE);

function inPem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN SIGNATURE-----", ...lines, "-----END SIGNATURE-----", ""].join("\n");
}

describe("a program that signs", () => {
  it.each([
    ["DER", DER, KEY],
    ["two plain numbers", PLAIN, KEY],
    ["base64 of DER", `${DER.toString("base64")}\n`, KEY],
    ["base64 of DER in lines", DER.toString("base64").replace(/.{20}/g, "$&\r\n"), KEY],
    ["base64url of plain numbers", PLAIN.toString("base64url"), KEY],
    ["base64 behind other lines", `Using slot 0\n${DER.toString("base64")}\nDone\n`, KEY],
    ["PEM", inPem(DER), KEY],
    [
      "a Sigstore bundle",
      JSON.stringify({ messageSignature: { signature: DER.toString("base64") } }),
      KEY,
    ],
    ["Ed25519", PURE, ED25519],
    ["base64 of Ed25519", PURE.toString("base64"), ED25519],
  ])("may print %s", async (_, printed, key) => {
    const signature = await signed(await printing(printed), key);
    expect(isSignedBy(key.publicKey, MESSAGE, signature)).toBe(true);
  });

  it("gets the very bytes", async () => {
    const key = KEY.key.export({ type: "pkcs8", format: "pem" }).toString();
    const script = `import { sign } from "node:crypto";
      const chunks = [];
      for await (const chunk of process.stdin) chunks.push(chunk);
      process.stdout.write(sign("sha256", Buffer.concat(chunks), ${JSON.stringify(key)}));`;
    const message = Buffer.alloc(3_000_000, "x");
    const command = await program(script);
    const signature = await signedBy({ command, publicKey: KEY.publicKey }, message);
    expect(isSignedBy(KEY.publicKey, message, signature)).toBe(true);
  });

  it.each([
    ["that prints nothing", () => printing(""), "it printed nothing and said nothing"],
    [
      "that prints rubbish",
      () => printing("no key in slot 3\n"),
      "are no signature of a P-256 key",
    ],
    [
      "that prints without end",
      () =>
        program(
          "for (;;) if (!process.stdout.write('x'.repeat(65536))) await new Promise((r) => process.stdout.once('drain', r));",
        ),
      "it printed more than 65536 bytes",
    ],
    [
      "that has another key",
      () => printing(signMessage(newKey(), MESSAGE)),
      `its signature does not fit the key ${KEY.id} (hsm.key)`,
    ],
    [
      "that signs something else",
      () => printing(signMessage(KEY, Buffer.from("else"))),
      "it is by another key, or over something else",
    ],
    [
      "that fails",
      () => program("console.error('PIN locked'); process.exitCode = 7;"),
      "it ended with 7:\n  PIN locked",
    ],
    [
      "that prints a signature and fails",
      () =>
        program(
          `process.stdout.write(Buffer.from("${DER.toString("hex")}", "hex")); process.exitCode = 1;`,
        ),
      "it ended with 1",
    ],
  ])("%s has not signed, and it is said why", async (_, make, words) => {
    await expect(signed(await make())).rejects.toMatchObject({
      code: "DRAY_SIGN_COMMAND_FAILED",
      message: expect.stringContaining(words) as string,
    });
  });

  it("that is not there has not signed", async (context) => {
    needsShell(context);
    await expect(signed("/nonexistent/hsm")).rejects.toMatchObject({
      code: "DRAY_SIGN_COMMAND_FAILED",
      message: expect.stringContaining("/nonexistent/hsm") as string,
    });
  });

  it("that does not end is ended", async () => {
    const hanging = await program("setInterval(() => {}, 1000);");
    await expect(signed(hanging, KEY, 20)).rejects.toMatchObject({
      code: "DRAY_SIGN_COMMAND_FAILED",
      message: expect.stringContaining("it has not ended after 0.02 seconds") as string,
    });
  });

  it("is ended by who ends the command", async () => {
    const command = await program("setInterval(() => {}, 1000);");
    const stop = new AbortController();
    const signing = signedBy({ command, publicKey: KEY.publicKey }, MESSAGE, stop.signal);
    stop.abort(new Error("interrupted"));
    await expect(signing).rejects.toThrow("interrupted");
  });
});
