import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { beforeEach, describe, expect, it, type TestContext } from "vitest";
import { makeBundle, makeChart, SIGNER } from "../../fixtures/bundles.ts";
import { madeOnce, temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { built } from "../built.ts";
import { ownDisk } from "../own-disk.ts";
import { dray } from "./terminal.ts";

/** Where everything lies that the command lines below name. */
let folder: string;

const bundle = madeOnce(async () => (await makeBundle()).path);

beforeEach(async () => {
  folder = await temporaryDirectory();
  await copyFile(bundle(), join(folder, "app.tar.gz"));
  await writeFile(join(folder, "web.tgz"), makeChart("web", "1.2.3"));
  await writeFile(join(folder, "file"), "a file\n");
  const { key, publicKey } = SIGNER;
  await writeFile(join(folder, "r.pub"), publicKey.key.export({ type: "spki", format: "pem" }));
  const pem = key.export({ type: "pkcs8", format: "pem" });
  await writeFile(join(folder, "r.key"), pem, { mode: 0o600 });
});

interface Answer {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs a command line in the folder. */
async function run(line: string): Promise<Answer> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await dray(line.split(" "));
  } finally {
    process.chdir(before);
  }
}

/** Runs the built program in the folder as another account. */
function runAs(uid: number, line: string): Answer {
  const argv = [built("cli/dray.js"), ...line.split(" ")];
  const env = { PATH: process.env["PATH"], HOME: "/nonexistent", TMPDIR: process.env["TMPDIR"] };
  const how = { encoding: "utf8", cwd: folder, env, uid } as const;
  const { status, stderr } = spawnSync(process.execPath, argv, how);
  return { code: status, stderr };
}

/** What a refusal has to say, and what in its text is no word of ours. */
function lookAt({ code, stderr }: Answer, wanted: readonly string[]): object {
  const isWhole = /^dray: Cannot /m.test(stderr) && /^hint: /m.test(stderr);
  const missing = wanted.filter((words) => !stderr.includes(words));
  const foreign = /\bE[A-Z]{3,}\b|mistake in dray|syscall|scandir|mkdtemp/.exec(stderr)?.[0];
  return { code, isWhole, missing, foreign };
}

const IN_WORDS = { code: 2, isWhole: true, missing: [], foreign: undefined };

const PACK = "pack --chart web.tgz --unsigned --store store";

/** A command line with the place PLACE for everything that a command writes, and reads. */
const WRITES: readonly string[] = [
  `${PACK} -o PLACE/x.tar.gz`,
  `${PACK} -o x.tar.gz --lock PLACE/x.json`,
  "pack --chart web.tgz --unsigned -o x.tar.gz --store PLACE/store",
  "unpack app.tar.gz PLACE/x --key r.pub",
  "keygen PLACE/x --no-passphrase",
  "serve PLACE/x --writable --port 0",
];
const READS: readonly string[] = [
  "verify PLACE/x --key r.pub",
  "inspect PLACE/x",
  "push PLACE/x r.test --key r.pub",
  "serve PLACE/x",
  "images PLACE/x",
  "verify app.tar.gz --key PLACE/x",
  "images web.tgz -f PLACE/x",
  `${PACK} -o x.tar.gz --file PLACE/x`,
  "pack PLACE/x --unsigned",
  "push app.tar.gz r.test --key r.pub --ca-file PLACE/x",
];

function placed(line: string, place: string): string {
  return line.replace("PLACE", place);
}

describe("a place that is below a file", () => {
  it.each([...WRITES, ...READS])("is refused in words by `%s`", async (line) => {
    const answer = await run(placed(line, "file"));
    expect(answer.code).toBe(2);
    expect(answer.stderr).toMatch(/no such file|no directory|expected nothing there/);
    expect(answer.stderr).not.toMatch(/\bE[A-Z]{3,}\b/);
  });
});

describe("a place in which nobody can make anything", () => {
  it.for(WRITES.slice(2))("ends `%s` at once, in words", async (line, context) => {
    if (process.platform !== "linux") context.skip("needs /proc");
    const said = lookAt(await run(placed(line, "/proc")), ["no such file or directory", "/proc/"]);
    expect(said).toEqual(IN_WORDS);
  });
});

/** Whoever may do everything cannot be refused: the program runs as somebody else. */
const NOBODY = 65_534;

function needsAnotherAccount(context: TestContext): void {
  const isRoot = process.getuid?.() === 0;
  const runs = isRoot && spawnSync(process.execPath, ["--version"], { uid: NOBODY }).status === 0;
  if (!runs) context.skip("needs to run this Node.js as another account");
}

describe("a place that belongs to others", () => {
  it.for([...WRITES, ...READS])("is refused in words by `%s`", async (line, context) => {
    needsAnotherAccount(context);
    await chmod(folder, 0o777);
    await mkdir(join(folder, "locked"));
    await writeFile(join(folder, "locked", "x"), "secret");
    await chmod(join(folder, "locked"), 0o700);
    await mkdir(join(folder, "store"));
    await chmod(join(folder, "store"), 0o777);
    const answer = runAs(NOBODY, placed(line, join(folder, "locked")));
    expect(lookAt(answer, ["permission denied", "locked"])).toEqual(IN_WORDS);
  });
});

describe("a file system that is read-only", () => {
  it.for([...WRITES, "sign PLACE/app.tar.gz --sign-key r.key"])(
    "is refused in words by `%s`",
    async (line, context) => {
      const disk = await ownDisk(context, "size=64m");
      await copyFile(join(folder, "app.tar.gz"), join(disk, "app.tar.gz"));
      spawnSync("mount", ["-o", "remount,ro", disk]);
      const said = lookAt(await run(placed(line, disk)), ["the file system is read-only", disk]);
      expect(said).toEqual(IN_WORDS);
    },
  );
});

describe("a disk that is full", () => {
  it.for(WRITES)("is said in words by `%s`", async (line, context) => {
    const disk = await ownDisk(context, "size=4k,nr_inodes=2");
    await writeFile(join(disk, "fills"), Buffer.alloc(4096));
    const { code, stderr } = await run(placed(line, disk));
    expect(stderr).toMatch(/the disk is full|bytes of free space/);
    expect(stderr).toMatch(/^hint: .*[Mm]ake room/m);
    expect(stderr).not.toMatch(/\bE[A-Z]{3,}\b/);
    expect(code).toBe(1);
  });
});

describe("Amazon's public gallery, which dray only pulls from", () => {
  it.each([
    "push app.tar.gz public.ecr.aws/team --allow-unsigned",
    "push app.tar.gz public.ecr.aws/team --allow-unsigned --dry-run",
    "copy public.ecr.aws/team --image 127.0.0.1:1/app:1",
    "preflight --image 127.0.0.1:1/app:1 --target public.ecr.aws/team",
  ])("is refused before anybody is asked: %s", async (line) => {
    const wanted = ["is only pulled from", "ACCOUNT.dkr.ecr.REGION.amazonaws.com"];
    expect(lookAt(await run(line), wanted)).toEqual(IN_WORDS);
  });
});
