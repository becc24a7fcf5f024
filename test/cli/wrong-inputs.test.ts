import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { dray } from "./terminal.ts";

/** Every file that a user can name, as the words of a command line that reads FILE. */
const INPUTS: readonly (readonly [what: string, argv: readonly string[]])[] = [
  ["a recipe", ["pack", "FILE", "--unsigned"]],
  ["an image list", ["pack", "--unsigned", "--image-list", "FILE"]],
  ["a lock", ["pack", "--unsigned", "--image", "r.test/a:1", "--locked", "--lock", "FILE"]],
  ["rules", ["push", "/none", "r.test", "--allow-unsigned", "--map-file", "FILE"]],
  ["a public key", ["verify", "/none", "--key", "FILE"]],
  ["a key to sign with", ["sign", "/none", "--sign-key", "FILE"]],
  ["a list to compare with", ["images", "/none", "--check", "FILE"]],
  ["a target file", ["push", "/none", "--allow-unsigned", "--target-file", "FILE"]],
  ["a CA file", ["push", "/none", "r.test", "--allow-unsigned", "--ca-file", "FILE"]],
  ["a receipt", ["check", "--receipt", "FILE", "--target", "r.test"]],
  ["a certificate", ["serve", "/none", "--tls-cert", "FILE", "--tls-key", "FILE"]],
];

const FORMS: readonly (readonly [form: string, content: Buffer | undefined])[] = [
  ["is not there", undefined],
  ["is empty", Buffer.alloc(0)],
  ["is binary", Buffer.from("00ff1f8b08000102030405", "hex")],
  ["is a sentence", Buffer.from("This is: no: file [for you\n")],
  ["is a web page", Buffer.from("<!DOCTYPE html><html><title>Sign in</title>")],
  ["is UTF-16", Buffer.from("\uFEFFname: x\n", "utf16le")],
  ["is JSON of something else", Buffer.from('[{"a": 1}]')],
];

describe.each(INPUTS)("%s", (_what, argv) => {
  it.each(FORMS)("that %s ends with 2 and says which file", async (form, content) => {
    const file = join(await temporaryDirectory(), "named");
    if (content !== undefined) await writeFile(file, content, { mode: 0o600 });
    const { code, stderr } = await dray(argv.map((word) => word.replace("FILE", file)));
    expect([form, code, stderr]).toEqual([form, 2, expect.stringMatching(/^dray: /)]);
    expect(stderr).not.toMatch(/mistake in dray|ZodError|YAMLException|ERR_/);
  });

  it("that is a directory ends with 2 and says so", async () => {
    const file = join(await temporaryDirectory(), "named");
    await mkdir(file);
    const { code, stderr } = await dray(argv.map((word) => word.replace("FILE", file)));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^dray: Cannot /)]);
  });
});
