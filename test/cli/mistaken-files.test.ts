import { execFileSync } from "node:child_process";
import { copyFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { makeBundle, sampleRecipe } from "../../fixtures/bundles.ts";
import { madeOnce, temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { needs } from "../programs.ts";
import { dray } from "./terminal.ts";

interface Answer {
  readonly status: number;
  readonly output: string;
}

async function verify(path: string): Promise<Answer> {
  const { code, stdout, stderr } = await dray(["verify", path, "--allow-unsigned"]);
  return { status: code, output: stderr + stdout };
}

const bundle = madeOnce(async () => (await makeBundle(sampleRecipe())).path);

/** A directory with a bundle `app.tar.gz` in it. */
async function withBundle(): Promise<string> {
  const directory = await temporaryDirectory();
  await copyFile(bundle(), join(directory, "app.tar.gz"));
  return directory;
}

/** Runs a line without a terminal: what asks for a passphrase is told `secret` on standard input. */
function shell(directory: string, command: string): void {
  const env = { ...process.env, GNUPGHOME: join(directory, "gnupg") };
  // A pipe of this process would break where a line ends without having asked.
  const line = 'printf "secret\\n" | setsid -w sh -c "$0"';
  execFileSync("sh", ["-c", line, command], { cwd: directory, env, stdio: "pipe" });
}

/** The command that a hint has between backticks. */
function commandIn(output: string): string {
  const [, command] = /^(?:hint:| +→) [^`]*`([^`]+)`/m.exec(output) ?? [];
  if (command === undefined) throw new Error(`expected a command in the hint, found ${output}`);
  return command;
}

/** What a command writes: the file behind `>`, or the directory that it makes. */
function madeBy(command: string): string {
  const [, word] = /> (\S+|'.*')$/.exec(command) ?? /^mkdir (\S+|'.*?') &&/.exec(command) ?? [];
  return execFileSync("sh", ["-c", `printf %s ${word ?? ""}`], { encoding: "utf8" });
}

interface Wrapping {
  readonly what: string;
  readonly program: string;
  /** Makes one file, or several, of `app.tar.gz`. */
  readonly make: string;
  /** @default the one file that is made */
  readonly named?: string;
  readonly found: string;
}

/** A zip of the files and of junk that makes it large enough. */
const IN_PARTS =
  "mkdir u && tar -xzf app.tar.gz -C u && head -c 200000 /dev/urandom > u/.DS_Store && zip -qr -s 64k app.zip u";

const WRAPPINGS: readonly Wrapping[] = [
  { what: "xz", program: "xz", make: "xz -c app.tar.gz > 'it is.xz'", found: "xz" },
  {
    what: "xz of the tar inside, in which a piece of the bundle can be seen",
    program: "xz",
    make: "xz -0 -c app.tar.gz > 'app.tar.xz'",
    found: "xz",
  },
  { what: "bzip2", program: "bzip2", make: "bzip2 -c app.tar.gz > app.bz2", found: "bzip2" },
  { what: "lz4", program: "lz4", make: "lz4 -q app.tar.gz app.lz4", found: "lz4" },
  {
    what: "a 7z archive",
    program: "7z",
    make: "7z a -bd app.7z app.tar.gz",
    found: "a 7z archive",
  },
  {
    what: "a cpio archive",
    program: "bsdtar",
    make: "bsdtar --format newc -cf app.cpio app.tar.gz",
    found: "a cpio archive",
  },
  {
    what: "an ISO image",
    program: "bsdtar",
    make: 'bsdtar --format iso9660 -cf "it\'s.iso" app.tar.gz',
    found: "an ISO 9660 image",
  },
  { what: "base64", program: "base64", make: "base64 app.tar.gz > app.b64", found: "base64" },
  {
    what: "compress",
    program: "compress",
    make: "compress -c app.tar.gz > app.Z",
    found: "compress (.Z)",
  },
  { what: "LZMA", program: "xz", make: "xz -F lzma -c app.tar.gz > app.lzma", found: "LZMA" },
  { what: "lzip", program: "lzip", make: "lzip -k app.tar.gz", found: "lzip" },
  {
    what: "a RAR archive",
    program: "rar",
    make: "rar a app.rar app.tar.gz",
    found: "a RAR archive",
  },
  {
    what: "a squashfs image",
    program: "mksquashfs",
    make: "mksquashfs app.tar.gz app.sqsh -quiet",
    found: "a squashfs image",
  },
  {
    what: "a cabinet",
    program: "lcab",
    make: "lcab app.tar.gz app.cab",
    found: "a cabinet of Windows",
  },
  {
    what: "an ar archive",
    program: "ar",
    make: "ar rc app.deb app.tar.gz",
    found: "an ar archive",
  },
  {
    what: "an encrypted zip",
    program: "7z",
    make: "7z a -bd -tzip -psecret app.zip app.tar.gz",
    found: '"app.tar.gz" in the zip',
  },
  {
    what: "a zip that is encrypted with AES",
    program: "7z",
    make: "7z a -bd -tzip -psecret -mem=AES256 app.zip app.tar.gz",
    found: "it is encrypted",
  },
  {
    what: "an encrypted 7z archive whose names are hidden too",
    program: "7z",
    make: "7z a -bd -psecret -mhe=on app.7z app.tar.gz",
    found: "a 7z archive",
  },
  {
    what: "a zip in parts, of which the last is named",
    program: "zip",
    make: IN_PARTS,
    named: "app.zip",
    found: "the last part of a zip",
  },
  {
    what: "a zip in parts, of which the first is named",
    program: "zip",
    make: IN_PARTS,
    named: "app.z01",
    found: 'a part of "app.zip"',
  },
  {
    what: "age",
    program: "age",
    make: 'age-keygen -o KEY && age -r "$(age-keygen -y KEY)" app.tar.gz > app.age',
    named: "app.age",
    found: "encrypted with age",
  },
  {
    what: "gpg",
    program: "gpg",
    make: `mkdir -m 700 gnupg && gpg -q --batch --passphrase '' --quick-gen-key a@b.test &&
      gpg -q --batch -r a@b.test -e app.tar.gz`,
    named: "app.tar.gz.gpg",
    found: "encrypted with PGP",
  },
  {
    what: "gpg, in letters",
    program: "gpg",
    make: `mkdir -m 700 gnupg && gpg -q --batch --passphrase '' --quick-gen-key a@b.test &&
      gpg -q --batch --armor -r a@b.test -e app.tar.gz`,
    named: "app.tar.gz.asc",
    found: "encrypted with PGP",
  },
  {
    what: "openssl",
    program: "openssl",
    make: "openssl enc -aes-256-cbc -pbkdf2 -pass pass:secret -in app.tar.gz -out app.enc",
    found: "openssl has encrypted",
  },
  {
    what: "a bundle with three bytes before it",
    program: "tail",
    make: "(printf abc; cat app.tar.gz) > app",
    found: "3 bytes before it",
  },
];

/** The program that a row needs makes the only new file, unless the row says what is named. */
async function lay(row: Wrapping): Promise<string> {
  const directory = await withBundle();
  shell(directory, row.make);
  await rm(join(directory, "app.tar.gz"));
  const [only = ""] = await readdir(directory);
  return join(directory, row.named ?? only);
}

describe("a bundle inside of", () => {
  it.for(WRAPPINGS)("$what is named, and opens when the hint is followed", async (row, context) => {
    needs(context, "setsid");
    needs(context, row.program);
    const path = await lay(row);
    const { status, output } = await verify(path);
    expect(output).toContain(row.found);
    expect(status).toBe(3);
    const command = commandIn(output);
    shell(dirname(path), command);
    expect(await verify(madeBy(command))).toMatchObject({ status: 0 });
  });
});

/** Bundles that lie beside their own archive, or of which one file is named. */
const BESIDE: readonly (readonly [what: string, make: string, named: string])[] = [
  [
    "a folder with the archive and what was unpacked",
    "mkdir app && tar -xzf app.tar.gz -C app",
    "",
  ],
  ["index.json alone", "tar -xzf app.tar.gz && rm app.tar.gz", "index.json"],
  ["the list of sums alone", "tar -xzf app.tar.gz && rm app.tar.gz", "SHA256SUMS"],
  [
    "two bundles, unpacked",
    "for d in a b; do mkdir $d; tar -xzf app.tar.gz -C $d; done; rm app.tar.gz",
    "",
  ],
];

describe("what was unpacked", () => {
  it.each(BESIDE)("and mistaken is told, with what to name: %s", async (_what, make, named) => {
    const directory = await withBundle();
    shell(directory, make);
    const { status, output } = await verify(join(directory, named));
    expect(status).toBe(3);
    const [, way = ""] = /^(?:hint:| +→) (.*)/m.exec(output) ?? [];
    const names = [...way.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(await verify(name)).toMatchObject({ status: 0 });
  });

  it("with its archive among it is refused for that alone, and good without", async () => {
    const directory = await withBundle();
    shell(directory, "tar -xzf app.tar.gz");
    const { status, output } = await verify(directory);
    expect([status, output.match(/^error: /gm)?.length]).toEqual([3, 1]);
    expect(output).toContain("If it is the archive that this was unpacked from, name that");
    expect(await verify(join(directory, "app.tar.gz"))).toMatchObject({ status: 0 });
    await rm(join(directory, "app.tar.gz"));
    expect(await verify(directory)).toMatchObject({ status: 0 });
  });
});

describe("a bundle that other programs have cut", () => {
  it.each([
    ["split -b 15000 app.tar.gz app.tar.gz.", "app.tar.gz.ab"],
    ["split -b 15000 app.tar.gz app.tar.gz", "app.tar.gzaa"],
    ["split -b 15000 -d app.tar.gz app.tar.gz.part-", "app.tar.gz.part-00"],
    ["split -b 15000 -a 3 --numeric-suffixes=1 app.tar.gz haul.tar.zst.", "."],
    [
      "split -b 15000 -a 3 --numeric-suffixes=1 app.tar.gz zarf-app.tar.zst.part && echo {} > zarf-app.tar.zst.part000",
      ".",
    ],
  ])("is good as it lies: %s", async (line, named) => {
    const directory = await withBundle();
    shell(directory, `${line} && rm app.tar.gz`);
    const { status, output } = await verify(join(directory, named));
    expect([status, output]).toEqual([0, expect.stringContaining("parts, gzip members")]);
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

    ["a file of age", "age-encryption.org/v1\n", "encrypted with age", "age -d"],

    ["a RAR archive", "Rar!\x1a\x07\x01\0", "a RAR archive", "unrar x"],
    ["nothing", "", "an empty file", "copy it again"],
    ["a document", "%PDF-1.7\n", "a PDF document", "another file"],
    ["a picture", "\u{ff}\u{d8}\u{ff}\u{e0}", "a picture", "another file"],
    ["a program of Windows", "MZ\u{90}\0\x03", "a program of Windows", "unpacks itself"],
    ["a shortcut", "L\0\0\0\x01\x14\x02\0", "a shortcut of Windows", "it leads to"],
    ["an alias", "book\0\0\0\0mark\0", "an alias of macOS", "it leads to"],
    ["what PowerShell writes", "\u{ff}\u{fe}1\0f\0", "a text in UTF-16", "Copy-Item"],
    ["a package", "\u{ed}\u{ab}\u{ee}\u{db}\x03", "an RPM package", "bsdtar"],
  ])("%s is named, with what to do", async (...[, content, found, hint]) => {
    const path = join(await temporaryDirectory(), "app.tar.gz");
    await writeFile(path, content, "latin1");
    const { status, output } = await verify(path);
    expect(status).toBe(3);
    expect(output).toContain(`Cannot open "${path}": expected a bundle`);
    expect(output).toMatch(new RegExp(`found .*${found}`));
    expect(output).toContain(hint);
  });

  it("is named with its end where something was added to a bundle", async () => {
    const whole = await readFile(join(await withBundle(), "app.tar.gz"));
    const path = join(await temporaryDirectory(), "app.tar.gz");
    await writeFile(path, Buffer.concat([whole, whole]));
    const { status, output } = await verify(path);
    expect(status).toBe(3);
    expect(output).toContain(
      `expected the end of the file at byte ${whole.length}, found ${whole.length} bytes more`,
    );
  });
});
