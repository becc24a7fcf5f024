import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { copyFile, mkdir, open, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { bundleFile, makeBundle, readEntries, tarOf } from "../../fixtures/bundles.ts";
import { fileOf } from "../../fixtures/archives.ts";
import { packedChart } from "../../fixtures/charts.ts";
import { madeOnce, temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { needsShell } from "../programs.ts";
import { startDray } from "../stories/dray-process.ts";
import { dray, type Outcome } from "./terminal.ts";

/** What the command lines below read, by the word that stands for it. */
const inputs = madeOnce(async () => {
  const folder = await temporaryDirectory();
  const place = (name: string): string => join(folder, name);
  if (process.platform !== "win32") await promisify(execFile)("mkfifo", [place("pipe")]);
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
  return {
    GOOD: good,
    IN: folder,
    PIPE: place("pipe"),
    ZERO: "/dev/zero",
    EMPTY: await fileOf(Buffer.alloc(0)),
  };
});

async function words(line: string): Promise<string[]> {
  const places: Record<string, string> = { ...inputs(), OUT: await temporaryDirectory() };
  return line.split(" ").map((word) => word.replace(/^[A-Z]+/, (name) => places[name] ?? name));
}

/** Ends with the test, whatever it is waiting for then. */
async function run(line: string): Promise<Outcome> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return dray(await words(line), { signal: stop.signal });
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
  "images IN/chart.tgz --check FILE",
  "images IN/chart.tgz --values FILE",
  "images FILE",
  "check --receipt FILE",
  "serve GOOD --allow-unsigned --port 0 --tls-cert FILE --tls-key FILE",
];

/** Files that are still being opened or read: a program would not end before them. */
function pending(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith("FSReq"));
}

describe("a file that is none", () => {
  beforeEach(async (context) => {
    needsShell(context);
    // Whoever has come to wait for a writer has one when the test ends.
    onTestFinished(async () => {
      const both = await open(inputs().PIPE, constants.O_RDWR | constants.O_NONBLOCK);
      await both.close();
    });
  });

  it.each(READING)("and has no writer ends `%s` with a message", async (line) => {
    const { code, stderr } = await run(line.replaceAll("FILE", "PIPE"));
    expect([2, 3]).toContain(code);
    expect(stderr).toMatch(/^dray: /m);
    expect(stderr).not.toContain("mistake in dray");
    await expect.poll(pending).toEqual([]);
  });

  it.each(READING)("but a socket ends `%s` with a message", async (line) => {
    const server = createServer();
    const place = join(await temporaryDirectory(), "s");
    await new Promise<void>((resolve) => server.listen(place, resolve));
    onTestFinished(() => void server.close());
    const given = (await words(line)).map((word) => (word === "FILE" ? place : word));
    const { code, stderr } = await dray(given);
    expect([2, 3]).toContain(code);
    expect(stderr).toMatch(/^dray: /m);
    expect(stderr).not.toMatch(/mistake in dray|the system says/);
  });

  it.each(READING)("and has no end ends `%s` with a message", async (line) => {
    const { code, stderr } = await run(line.replaceAll("FILE", "ZERO"));
    expect([2, 3]).toContain(code);
    expect(stderr).toMatch(/^dray: /m);
    expect(stderr).not.toContain("mistake in dray");
    await expect.poll(pending).toEqual([]);
  });

  it.each(["PIPE", "ZERO"])("ends the program: %s", async (file) => {
    const { code, stderr } = await startDray(await words(`verify ${file} --allow-unsigned`)).ended;
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^dray: /m)]);
  });
});

describe("a wrong name", () => {
  it.each([
    ["images IN/text.txt", 3, /expected a packed chart .*, found something else/],
    ["images IN/plain.tar", 3, /expected a packed chart .*, found tar/],
    ["images GOOD", 3, /expected a packed chart .*, found a bundle[\s\S]*dray check/],
    ["images EMPTY", 3, /expected a packed chart .*, found an empty file/],
    ["images IN/none", 3, /has no Chart\.yaml[\s\S]*hint: Name the directory/],
    ["pack --chart IN/text.txt --unsigned -o OUT/x.tar.gz", 3, /expected a packed chart/],
    [
      "verify IN/several --allow-unsigned",
      2,
      /expected one bundle, found 3: "a\.tar\.gz", "b\.tar\.gz", "c\.tar"/,
    ],
    ["verify IN/beside --allow-unsigned", 2, /found "a\.tar\.gz" beside other files[\s\S]*name it/],
    ["verify GOOD --key OUT/nope.pub", 2, /no such file[\s\S]*hint: Check the path/],
    ["verify GOOD --allow-unsigned --parts IN/text.txt", 2, /expected a folder, or a part in one/],
    [
      "verify GOOD --allow-unsigned --parts OUT/nowhere",
      2,
      /folder of parts .*nowhere": no such file/,
    ],
    ["pack --image 127.0.0.1:99999/a:1 --unsigned -o OUT/x.tar.gz", 2, /99999[\s\S]*1 to 65535/],
    ["help unknown", 2, /no command "unknown"/],
  ])("in `%s` is told", async (line, code, said) => {
    const outcome = await run(line);
    expect(outcome.stderr).toMatch(said);
    expect(outcome.code).toBe(code);
  });

  it("behind help is none where it is a command", async () => {
    const { code, stdout } = await run("help push");
    expect(code).toBe(0);
    expect(stdout).toContain("Usage: dray push");
  });
});

/** Names in another encoding than UTF-8, which these systems do not let anybody give. */
function needsBytes(context: TestContext): void {
  if (["darwin", "win32"].includes(process.platform)) context.skip("needs names of any bytes");
}

it.for([
  ["pack --file IN/old --unsigned -o OUT/x.tar.gz", 2],
  ["pack --chart IN/chart --unsigned -o OUT/x.tar.gz", 2],
  ["verify IN/old --allow-unsigned", 2],
] as const)(
  "a name that is no UTF-8 is said to be none by `%s`: %i",
  async ([line, code], context) => {
    needsBytes(context);
    for (const folder of ["old", "chart"]) {
      const place = Buffer.from(join(inputs().IN, folder, "caf_.txt"));
      await mkdir(join(inputs().IN, folder), { recursive: true });
      place[place.lastIndexOf("_")] = 0xe9;
      await writeFile(place, "in Latin-1");
    }
    await writeFile(join(inputs().IN, "chart", "Chart.yaml"), "name: a\nversion: 1.0.0\n");
    const { code: found, stderr } = await run(line);
    expect([found, stderr]).toEqual([
      code,
      expect.stringMatching(/caf\uFFFD\.txt": its name is no UTF-8/),
    ]);
  },
);
