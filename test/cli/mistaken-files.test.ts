import { execFileSync, spawnSync } from "node:child_process";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { makeBundle, sampleRecipe } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { built } from "../built.ts";
import { needs } from "../programs.ts";

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function verify(path: string): Answer {
  const args = [built("cli/dray.js"), "verify", path, "--allow-unsigned"];
  return spawnSync(process.execPath, args, { encoding: "utf8" });
}

/** A directory with a bundle `app.tar.gz` in it. */
async function withBundle(): Promise<string> {
  const directory = await temporaryDirectory();
  await copyFile((await makeBundle(sampleRecipe())).path, join(directory, "app.tar.gz"));
  return directory;
}

function shell(directory: string, command: string): void {
  execFileSync("sh", ["-c", command], { cwd: directory, stdio: "pipe" });
}

/** The command that a hint has between backticks. */
function commandIn(stderr: string): string {
  const [, command] = /^hint: [^`]*`([^`]+)`/m.exec(stderr) ?? [];
  if (command === undefined) throw new Error(`expected a command in the hint, found ${stderr}`);
  return command;
}

interface Wrapping {
  readonly what: string;
  readonly program: string;
  /** Makes `FILE` of `app.tar.gz`. */
  readonly make: string;
  readonly found: string;
  /** What names the bundle when the hint was followed. */
  readonly bundle: string;
}

/** The command of the hint is run where nothing but the file lies. */
const WRAPPINGS: readonly Wrapping[] = [
  { what: "xz", program: "xz", make: "xz -c app.tar.gz > FILE.xz", found: "xz", bundle: "BUNDLE" },
  {
    what: "xz of the tar inside, in which a piece of the bundle can be seen",
    program: "xz",
    make: "xz -0 -c app.tar.gz > FILE.xz",
    found: "xz",
    bundle: "BUNDLE",
  },
  {
    what: "bzip2",
    program: "bzip2",
    make: "bzip2 -c app.tar.gz > FILE.bz2",
    found: "bzip2",
    bundle: "BUNDLE",
  },
  {
    what: "lz4",
    program: "lz4",
    make: "lz4 -q app.tar.gz FILE.lz4",
    found: "lz4",
    bundle: "BUNDLE",
  },
  {
    what: "a 7z archive",
    program: "7z",
    make: "7z a -bd FILE.7z app.tar.gz",
    found: "a 7z archive",
    bundle: "app.tar.gz",
  },
  {
    what: "a cpio archive",
    program: "bsdtar",
    make: "bsdtar --format newc -cf FILE.cpio app.tar.gz",
    found: "a cpio archive",
    bundle: "app.tar.gz",
  },
  {
    what: "an ISO image",
    program: "bsdtar",
    make: "bsdtar --format iso9660 -cf FILE.iso app.tar.gz",
    found: "an ISO 9660 image",
    bundle: "app.tar.gz",
  },
  {
    what: "base64",
    program: "base64",
    make: "base64 app.tar.gz > FILE.b64",
    found: "base64",
    bundle: "BUNDLE",
  },
  {
    what: "a bundle with three bytes before it",
    program: "tail",
    make: "(printf abc; cat app.tar.gz) > FILE.gz",
    found: "3 bytes before it",
    bundle: "BUNDLE",
  },
];

describe("a bundle inside of", () => {
  it.for(WRAPPINGS)("$what is named, and opens when the hint is followed", async (row, context) => {
    needs(context, row.program);
    const directory = await withBundle();
    const inside = join(directory, "way-out");
    await mkdir(inside);
    shell(directory, row.make);
    const file = /FILE\.\w+/.exec(row.make)?.[0] ?? "";
    const { status, stderr } = verify(join(directory, file));
    expect(stderr).toContain(`found ${row.found}`);
    expect(stderr).not.toContain("part");
    expect(status).toBe(3);
    await copyFile(join(directory, file), join(inside, file));
    shell(inside, commandIn(stderr).replaceAll(/\bFILE\b/g, file));
    expect(verify(join(inside, row.bundle)).status).toBe(0);
  });
});

describe("what is no bundle", () => {
  it.each([
    ["a login page", "<!DOCTYPE html>\n<html><title>Sign in</title>", "a web page", "download"],
    ["an answer in JSON", '{"errors":[{"code":"DENIED"}]}', "JSON", "an answer of a server"],
    [
      "a pointer of Git LFS",
      "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
      "a pointer of Git LFS",
      "git lfs pull",
    ],
    ["zeros", "\0".repeat(5000), "zeros", "Copy the file again"],
    ["a list of checksums", `${"a".repeat(64)}  app.tar.gz\n`, "a list of checksums", "directory"],
    ["a public key", "-----BEGIN PUBLIC KEY-----\n", "a key or a certificate", "--key"],
    ["a message of gpg", "-----BEGIN PGP MESSAGE-----\n", "encrypted with PGP", "gpg -o"],
    ["a file of age", "age-encryption.org/v1\n", "encrypted with age", "age -d"],
    ["a file of openssl", "Salted__12345678", "openssl", "openssl enc -d"],
    ["a RAR archive", "Rar!\x1a\x07\x01\0", "a RAR archive", "unrar x"],
    ["nothing", "", "an empty file", "copy it again"],
  ])("%s is named, with what to do", async (...[, content, found, hint]) => {
    const path = join(await temporaryDirectory(), "app.tar.gz");
    await writeFile(path, content);
    const { status, stderr } = verify(path);
    expect(status).toBe(3);
    expect(stderr).toContain(`Cannot open "${path}": expected a bundle`);
    expect(stderr).toMatch(new RegExp(`found .*${found}`));
    expect(stderr).toContain(hint);
  });

  it("is named with its end where something was added to a bundle", async () => {
    const whole = await readFile(join(await withBundle(), "app.tar.gz"));
    const path = join(await temporaryDirectory(), "app.tar.gz");
    await writeFile(path, Buffer.concat([whole, whole]));
    const { status, stderr } = verify(path);
    expect(status).toBe(3);
    expect(stderr).toContain(
      `expected the end of the file at byte ${whole.length}, found ${whole.length} bytes more`,
    );
  });
});
