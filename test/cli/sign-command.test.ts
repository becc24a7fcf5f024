import { readdir, readFile, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { needs, needsShell } from "../programs.ts";
import { dray, type Outcome } from "./terminal.ts";

/** A folder with keys of openssl and something to pack. */
async function folderWithKeys(context: TestContext): Promise<string> {
  needsShell(context);
  needs(context, "openssl");
  const folder = await temporaryDirectory();
  const openssl = (...args: string[]): Buffer => execFileSync("openssl", args, { cwd: folder });
  openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "p256.key");
  openssl("genpkey", "-algorithm", "ed25519", "-out", "ed25519.key");
  for (const name of ["p256", "ed25519"]) {
    openssl("pkey", "-in", `${name}.key`, "-pubout", "-out", `${name}.pub`);
  }
  await writeFile(join(folder, "notes.txt"), "notes\n");
  return folder;
}

async function packed(folder: string, ...flags: readonly string[]): Promise<Outcome> {
  const what = ["--file", join(folder, "notes.txt"), "--name", "notes"];
  return dray([
    "pack",
    ...what,
    "-o",
    join(folder, "notes.tar.gz"),
    "--force",
    "--quiet",
    ...flags,
  ]);
}

const LINES: readonly (readonly [string, (key: string) => string])[] = [
  ["p256", (key) => `openssl dgst -sha256 -sign ${key}`],
  ["p256", (key) => `openssl dgst -sha256 -sign ${key} | base64`],
  [
    "ed25519",
    (key) => `cat > ${key}.in && openssl pkeyutl -sign -rawin -inkey ${key} -in ${key}.in`,
  ],
];

describe("--sign-command", () => {
  it.for(LINES)("lets openssl sign a bundle: %s", async ([name, line], context) => {
    const folder = await folderWithKeys(context);
    const key = join(folder, name);
    const by = ["--sign-command", line(`${key}.key`), "--sign-public-key", `${key}.pub`];
    expect(await packed(folder, ...by)).toMatchObject({ code: 0, stderr: "" });
    const path = join(folder, "notes.tar.gz");
    expect((await dray(["verify", path, "--key", `${key}.pub`])).code).toBe(0);
  });

  it.each(["", " "])(
    "that is the empty line %j is refused before anything is read",
    async (line) => {
      const by = ["--sign-command", line, "--sign-public-key", "/none.pub"];
      for (const argv of [
        ["pack", "/none.yaml", ...by],
        ["sign", "/none.tar.gz", ...by],
      ]) {
        const { code, stderr } = await dray(argv);
        expect(code).toBe(2);
        expect(stderr).toContain("expected a program, found an empty line");
      }
    },
  );

  it("lets it sign beside a bundle too", async (context) => {
    const folder = await folderWithKeys(context);
    const [key, path] = [join(folder, "p256"), join(folder, "notes.tar.gz")];
    expect((await packed(folder, "--unsigned")).code).toBe(0);
    const line = `openssl dgst -sha256 -sign ${key}.key`;
    const by = ["--sign-command", line, "--sign-public-key", `${key}.pub`];
    expect(await dray(["sign", path, "--quiet", ...by])).toMatchObject({ code: 0, stderr: "" });
    expect((await dray(["verify", path, "--key", `${key}.pub`])).code).toBe(0);
  });

  it("writes no bundle where the program does not sign with the key that is named", async (context) => {
    const folder = await folderWithKeys(context);
    const [key, other] = [join(folder, "p256"), join(folder, "other")];
    execFileSync("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-out", `${other}.key`]);
    const wrong: readonly (readonly [string, string])[] = [
      [`openssl dgst -sha256 -sign ${other}.key`, "does not fit the key"],
      [`openssl dgst -sha512 -sign ${key}.key`, "does not fit the key"],
      ["openssl dgst -sha256 -sign /nonexistent", "it ended with 1:"],
      ["echo no token in slot 0", "no signature of a P-256 key"],
    ];
    for (const [line, words] of wrong) {
      const by = ["--sign-command", line, "--sign-public-key", `${key}.pub`];
      const { code, stderr } = await packed(folder, ...by);
      expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
    }
    expect((await readdir(folder)).filter((name) => name.startsWith("notes."))).toEqual([
      "notes.txt",
    ]);
  });

  it("goes with the key that its signatures have to fit, and with no other way to sign", async () => {
    const cases: readonly (readonly [readonly string[], string])[] = [
      [["--sign-command", "x"], "Cannot use --sign-command without --sign-public-key"],
      [["--unsigned", "--sign-public-key", "x"], "Cannot use --sign-public-key without"],
      [["--sign-key", "x", "--unsigned"], "Expected either --sign-key or --unsigned, found both"],
      [["--sign-command", "x", "--sign-key", "y"], "Expected one of --sign-key and --sign-command"],
      [
        ["--sign-command", "x", "--sign-public-key", "y", "--unsigned"],
        "Expected either --sign-command or --unsigned, found both",
      ],
    ];
    const folder = await temporaryDirectory();
    for (const [flags, words] of cases) {
      const { code, stderr } = await packed(folder, ...flags);
      expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
    }
    const { code, stderr } = await dray(["sign", "bundle.tar.gz"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("Expected --sign-key or")]);
  });

  it("lets cosign sign", async (context) => {
    needs(context, "cosign");
    const folder = await folderWithKeys(context);
    const password = "COSIGN_PASSWORD=secret";
    const cosign = (line: string): string => `cd ${folder} && ${password} HOME=${folder} ${line}`;
    execFileSync("sh", ["-c", cosign("cosign generate-key-pair")], { stdio: "ignore" });
    const version = execFileSync("cosign", ["version"]).toString();
    const isNew = !/GitVersion:\s+v2\./.test(version);
    const offline = isNew ? "--use-signing-config=false --bundle /dev/stdout" : "";
    const line = `cosign sign-blob --yes --key cosign.key --tlog-upload=false ${offline} - | cat`;
    const by = ["--sign-command", cosign(line), "--sign-public-key", join(folder, "cosign.pub")];
    const { code, stderr } = await packed(folder, ...by);
    expect([code, stderr]).toEqual([0, ""]);
    const verified = ["verify", join(folder, "notes.tar.gz"), "--key", join(folder, "cosign.pub")];
    expect((await dray(verified)).code).toBe(0);
    expect(await readFile(join(folder, "cosign.pub"), "utf8")).toContain("PUBLIC KEY");
  });
});
