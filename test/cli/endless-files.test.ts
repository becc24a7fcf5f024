import { execFile } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { bundleFile, makeBundle, readEntries, tarOf } from "../../fixtures/bundles.ts";
import { fileOf } from "../../fixtures/archives.ts";
import { packedChart } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { needsShell } from "../programs.ts";
import { startDray, type DrayOutcome } from "../stories/dray-process.ts";

/** What stands for something in a command line below. */
let places: Readonly<Record<string, string>> = {};

beforeEach(async (context) => {
  needsShell(context);
  const folder = await temporaryDirectory();
  const place = (name: string): string => join(folder, name);
  await promisify(execFile)("mkfifo", [place("pipe")]);
  const { path: good } = await makeBundle();
  const tar = tarOf(await readEntries(good));
  await writeFile(place("plain.tar"), tar);
  await writeFile(place("text.txt"), "Nothing but this line\n");
  await writeFile(place("chart.tgz"), packedChart({}));
  for (const name of ["several", "beside", "none"]) await mkdir(place(name));
  await copyFile(good, place("several/a.tar.gz"));
  await copyFile(await bundleFile(await readEntries(good)), place("several/b.tar.gz"));
  await writeFile(place("several/c.tar"), tar);
  await copyFile(good, place("beside/a.tar.gz"));
  await writeFile(place("beside/a.receipt.json"), "{}");
  places = {
    GOOD: good,
    OUT: folder,
    PIPE: place("pipe"),
    ZERO: "/dev/zero",
    EMPTY: await fileOf(Buffer.alloc(0)),
  };
});

async function dray(line: string): Promise<DrayOutcome> {
  const words = line
    .split(" ")
    .map((word) => word.replace(/^[A-Z]+/, (name) => places[name] ?? name));
  return startDray(words).ended;
}

/** FILE stands for what is to be read. */
const READING = [
  "verify FILE --allow-unsigned",
  "verify GOOD --key FILE",
  "verify GOOD --allow-unsigned --parts FILE",
  "pack FILE --unsigned -o OUT/a.tar.gz",
  "pack --image-list FILE --unsigned -o OUT/a.tar.gz",
  "pack --chart FILE --unsigned -o OUT/a.tar.gz",
  "pack --image a.example/b:1 --lock FILE --unsigned -o OUT/a.tar.gz",
  "pack --image a.example/b:1 --ca-file FILE --unsigned -o OUT/a.tar.gz",
  "pack --image a.example/b:1 --sign-key FILE -o OUT/a.tar.gz",
  "push GOOD r.example --allow-unsigned --map-file FILE",
  "push GOOD --allow-unsigned --target-file FILE",
  "images OUT/chart.tgz --check FILE",
  "images OUT/chart.tgz --values FILE",
  "images FILE",
  "serve GOOD --allow-unsigned --port 0 --tls-cert FILE --tls-key FILE",
];

describe("a file that is none", () => {
  it.each(READING.filter((line) => !/--check|--values/.test(line)))(
    "and has no writer ends `%s` with a message",
    async (line) => {
      const { code, stderr } = await dray(line.replaceAll("FILE", "PIPE"));
      expect([2, 3]).toContain(code);
      expect(stderr).toMatch(/^dray: /m);
      expect(stderr).not.toContain("mistake in dray");
    },
  );

  it.each(READING)("and has no end ends `%s` with a message", async (line) => {
    const { code, stderr } = await dray(line.replaceAll("FILE", "ZERO"));
    expect([2, 3]).toContain(code);
    expect(stderr).toMatch(/^dray: /m);
    expect(stderr).not.toContain("mistake in dray");
  });
});

describe("a wrong name", () => {
  it.each([
    ["images OUT/text.txt", 3, /expected a packed chart .*, found something else/],
    ["images OUT/plain.tar", 3, /expected a packed chart .*, found tar/],
    ["images GOOD", 3, /expected a packed chart .*, found a bundle[\s\S]*dray check/],
    ["images EMPTY", 3, /expected a packed chart .*, found an empty file/],
    ["images OUT/none", 3, /has no Chart\.yaml[\s\S]*hint: Name the directory/],
    ["pack --chart OUT/text.txt --unsigned -o OUT/x.tar.gz", 3, /expected a packed chart/],
    [
      "verify OUT/several --allow-unsigned",
      2,
      /expected one bundle, found 3: "a\.tar\.gz", "b\.tar\.gz", "c\.tar"/,
    ],
    [
      "verify OUT/beside --allow-unsigned",
      2,
      /found "a\.tar\.gz" beside other files[\s\S]*name it/,
    ],
    ["verify GOOD --key OUT/nope.pub", 2, /no such file[\s\S]*hint: Check the path/],
    ["verify GOOD --allow-unsigned --parts OUT/text.txt", 2, /expected a folder, or a part in one/],
    [
      "verify GOOD --allow-unsigned --parts OUT/nowhere",
      2,
      /folder of parts .*nowhere": no such file/,
    ],
    ["pack --image 127.0.0.1:99999/a:1 --unsigned -o OUT/x.tar.gz", 2, /99999[\s\S]*1 to 65535/],
    ["help unknown", 2, /no command "unknown"/],
  ])("in `%s` is told", async (line, code, said) => {
    const outcome = await dray(line);
    expect(outcome.stderr).toMatch(said);
    expect(outcome.code).toBe(code);
  });

  it("behind help is none where it is a command", async () => {
    const { code, stdout } = await dray("help push");
    expect(code).toBe(0);
    expect(stdout).toContain("Usage: dray push");
  });
});
