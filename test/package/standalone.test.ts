import { execFileSync, spawnSync } from "node:child_process";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { VERSION } from "../../src/version.ts";
import { built } from "../built.ts";

/** Fetching Node.js and putting it together takes a minute, and some beside many other tests. */
const BUILD_TIMEOUT = 10 * 60_000;

const output = await mkdtemp(join(tmpdir(), "dray-test-"));
afterAll(() => rm(output, { recursive: true, force: true }));

/** Undefined where npm has no Node.js for this machine, or cannot be reached. */
let executable: string | undefined;
let reason = "";
beforeAll(async () => {
  const build = [built("scripts/standalone.js"), "--output", output];
  const { status, stderr } = spawnSync(process.execPath, build, { encoding: "utf8" });
  reason = /npm error[^\n]*/.exec(stderr)?.[0] ?? stderr;
  const names = await readdir(output);
  const name = names.find((one) => one.startsWith(`dray-${VERSION}-`));
  executable = status === 0 && name !== undefined ? join(output, name) : undefined;
}, BUILD_TIMEOUT);

function needsExecutable(context: TestContext): string {
  if (executable === undefined && !reason.startsWith("npm error")) throw new Error(reason);
  return executable ?? context.skip(`needs a Node.js of npm: ${reason}`);
}

/** A network of its own, in which there is nothing but the loopback. */
const ALONE = [
  "--net",
  "--map-root-user",
  "--user",
  "--kill-child",
  "--pid",
  "--fork",
  "--",
  "sh",
  "-ec",
];

function needsNamespace(context: TestContext): void {
  const { status } = spawnSync("unshare", [...ALONE, "ip link set lo up"]);
  if (status !== 0) context.skip("needs unshare --net and ip");
}

const JOURNEY = `
ip link set lo up
PATH=
./dray serve seed.tar.gz --key signer.pub --port 5001 -q &
./dray serve --writable --port 5002 -q &
./dray keygen release --no-passphrase -q
./dray pack --image 127.0.0.1:5001/team/app:1 --plain-http --sign-key release.key --store store -o out.tar.gz -q
./dray verify out.tar.gz --key release.pub
./dray push out.tar.gz 127.0.0.1:5002/mirror --plain-http --key release.pub
./dray report out.tar.gz --key release.pub -o out.html -q
`;

describe("the executable", () => {
  it("packs, verifies and pushes in an empty network, with nothing but itself", async (context) => {
    const program = needsExecutable(context);
    needsNamespace(context);
    const cwd = await temporaryDirectory();
    // Large enough for threads to hash and to write.
    const image = makeImage([makeLayer("large", 80 * 1024 * 1024)]);
    const { path } = await makeBundle({ images: { "registry.example/team/app:1": image } });
    await copyFile(program, join(cwd, "dray"));
    await copyFile(path, join(cwd, "seed.tar.gz"));
    const pem = SIGNER.publicKey.key.export({ type: "spki", format: "pem" });
    await writeFile(join(cwd, "signer.pub"), pem);
    const env = { HOME: cwd, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
    const run = { cwd, env, encoding: "utf8" } as const;
    const { status, stdout, stderr } = spawnSync("unshare", [...ALONE, JOURNEY], run);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.not.stringContaining("mistake"),
    });
    expect(stdout).toContain("Good: everything is there and unchanged.");
    expect(stdout).toContain("127.0.0.1:5002/mirror/team/app:1");
    expect(await readFile(join(cwd, "out.html"), "utf8")).toContain("<strong>Good</strong>");
  });

  it("has every file inside that the program loads, late ones too", async (context) => {
    const program = needsExecutable(context);
    const env = {
      HOME: output,
      AWS_ACCESS_KEY_ID: "a",
      AWS_SECRET_ACCESS_KEY: "b",
      AWS_REGION: "eu-west-1",
    };
    // No name is found, and for this the SDK has been loaded and asked.
    const target = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1";
    const args = [
      "pack",
      "--image",
      target,
      "--unsigned",
      "-o",
      join(output, "x.tar.gz"),
      "--retry-for",
      "0s",
    ];
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8", env, cwd: output });
    expect([status, stderr]).toEqual([1, expect.stringContaining("amazonaws.com")]);
    expect(stderr).not.toMatch(/mistake in dray|Warning|MODULE|dynamic import/);
  });

  it("prints its licenses, that of Node.js with them", (context) => {
    const program = needsExecutable(context);
    const text = execFileSync(program, ["--licenses"], { encoding: "utf8" });
    expect(text).toContain("Apache License");
    expect(text).toMatch(/^undici \d/m);
    expect(text).toMatch(/^Node\.js is licensed for use as follows/m);
  });

  it("is named in notes that say what was run, beside its sum", async (context) => {
    needsExecutable(context);
    const notes = await readFile(join(output, "NOTES.md"), "utf8");
    expect(notes).toMatch(/\| `dray-\S+` *\|.*\| yes *\|/);
    expect(await readFile(join(output, "SHA256SUMS"), "utf8")).toMatch(/^[a-f0-9]{64} {2}dray-/);
  });
});
