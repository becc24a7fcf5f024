import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { dray } from "./terminal.ts";

describe("a command line that is wrong", () => {
  it.each([
    ["pusch", 'Cannot run `dray`: there is no command "pusch"; did you mean push?'],
    ["push --jsn", "Cannot run `dray push`: there is no flag --jsn; did you mean --json?"],
    ["verify a --json=yes", "Cannot run `dray verify`: there is no flag --json that takes a value"],
    ["push a b --bogus", "Cannot run `dray push`: there is no flag --bogus"],
    ["unpack a", "Cannot run `dray unpack`: expected <dir>, found no more words"],
    ["verify a --key", "expected a value behind --key <file>, found none"],
    ["logout a b", "expected at most 1 word behind the command, found 2"],
    ["serve a --port x", '"x" for --port <number>: expected a whole number from 0 to 65535'],
    ["repoint", "Cannot run `dray repoint`: expected <bundle>, found no more words"],
    ["split a -o d", "Cannot run `dray split`: expected --size <size>, which is not given"],
    ["split a --siez 4GiB", "there is no flag --siez; did you mean --size?"],
    ["inventory a", "`dray inventory`: expected -o, --output <file>, which is not given"],
    ["inventory a --outptu b", "there is no flag --outptu; did you mean --output?"],
    ["repoint a b --pin tag", '"tag" for --pin <by>: expected digest'],
    ["repoint --stdin a -o d", "--stdin and -o, --output <dir> do not go together"],
    ["push a b --min-rate z", '"z" for --min-rate <rate>: expected bytes a second, such as'],
  ])("`%s` is told so, with where to look", async (line, words) => {
    const { code, stdout, stderr } = await dray(line.split(" "));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`dray: `);
    expect(stderr).toContain(words);
    expect(stderr).toMatch(/^hint: `dray[a-z ]* --help` shows how it is used\.$/m);
  });

  it.each([
    ["push a b --password hunter2", "--password", "--password-stdin"],
    ["push a b --password=hunter2", "--password", "`dray login HOST`"],
    ["copy b --src-creds=ada:hunter2", "--src-creds", "--password-stdin"],
    ["pack --insecure", "--insecure", "--insecure-skip-tls-verify"],
    ["push a b --tls-verify=false", "--tls-verify", "--ca-file FILE"],
    ["copy b --all", "--all", "--platform"],
    ["login a -u ada", "-u", "--username NAME"],
    ["push a b --authfile x", "--authfile", "DOCKER_CONFIG"],
    ["push a b -p hunter2", "-p", "--password-stdin"],
    ["serve a -p 5001", "-p", "--port NUMBER"],
    ["push a b --all-tags", "--all-tags", "All of a bundle is pushed"],
    ["inspect a --format json", "--format", "--json"],
    ["images --chart a", "--chart", "`dray images CHART`"],
  ])("`%s` is led from the flag of another tool to what does it here", async (line, flag, here) => {
    const { code, stderr } = await dray(line.split(" "));
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`there is no flag ${flag}( that takes a value)?(?:;|\n|$)`));
    expect(stderr).toContain(here);
    expect(stderr).not.toContain("hunter2");
  });

  it.each([
    "--pin digest",
    "--unpin",
    "--flux",
    "--argo",
    "--nodes k3s",
    "--chart a",
    "--values a",
  ])("is a push with %s that repoints nothing", async (line) => {
    const { code, stderr } = await dray(["push", "a", "r.test", ...line.split(" ")]);
    expect(code).toBe(2);
    expect(stderr).toContain(`Cannot use ${line.split(" ")[0]} without --repoint`);
    expect(stderr).toMatch(/^hint: Add --repoint DIR/m);
  });

  it("is one document with --json, too", async () => {
    const { code, stdout } = await dray(["unpack", "a", "--json"]);
    const wanted = { error: { code: "DRAY_USAGE", message: expect.any(String) as string } };
    expect([code, JSON.parse(stdout)]).toMatchObject([2, wanted]);
  });
});

describe("standard output in the place of a file or directory", () => {
  let before: string;

  beforeEach(async () => {
    before = process.cwd();
    process.chdir(await temporaryDirectory());
    await mkdir("x");
  });

  afterEach(() => process.chdir(before));

  it.each([
    "pack --unsigned --image r.test/a:1 -o -",
    "pack --unsigned --image r.test/a:1 --lock -",
    "pack --unsigned --image r.test/a:1 --store -",
    "pack --unsigned --image r.test/a:1 --work-dir -",
    "unpack x -",
    "keygen - --no-passphrase",
    "push x r.test --receipt -",
    "serve - --writable --port 0",
  ])("is refused by `%s`, with its reason, and nothing is written", async (line) => {
    const { code, stdout, stderr } = await dray(line.split(" "));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^dray: Cannot write .* to standard output: /);
    expect(stderr).toMatch(/^hint: /m);
    expect(await readdir(join(process.cwd()))).toEqual(["x"]);
  });

  it.each(["verify -", "inspect -", "push - r.test", "unpack - x", "check -", "serve -"])(
    "is no input either: `%s`",
    async (line) => {
      const { code, stderr } = await dray([...line.split(" "), "--allow-unsigned"]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^hint: /m);
    },
  );
});
