import { spawn } from "node:child_process";
import { copyFile, mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { makeDemoChart } from "../fixtures/demo-chart.ts";
import { makeMultiArch, pushImage } from "../fixtures/images.ts";
import { listTar } from "./demo/list-tar.ts";
import { carryThroughMac } from "./demo/mac.ts";
import { RegistryPool } from "../src/remote/registry/pool.ts";
import { serve, type RunningRegistry } from "../src/stories/serve.ts";

/** The whole journey on this machine: two registries stand for the internet and the isolated network. */
const DRAY = resolve(import.meta.dirname, "../cli/dray.js");
const started = performance.now();
const work = await mkdtemp(join(tmpdir(), "dray-demo-"));
const env = { ...process.env, DRAY_KEY_PASSPHRASE: "correct horse battery staple" };

const internet = await serve({ writable: true, port: 0 });
const internal = await serve({ writable: true, port: 0 });
try {
  await journey(hostOf(internet), hostOf(internal));
  console.log(`\nDone in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
} finally {
  await Promise.all([internet.close(), internal.close()]);
  await rm(work, { recursive: true, force: true });
}

async function journey(source: string, target: string): Promise<void> {
  title("1. On the internet: three images for two platforms that share layers, and a chart");
  const pushed = await fillInternet(source);
  const chart = await makeDemoChart(work);
  for (const [name, digest] of pushed) console.log(`${name}\n  ${digest}`);

  title("2. Make a key and pack");
  await dray("keygen", "release");
  const [web = "", ...others] = [...pushed.keys()];
  const listed = others.flatMap((name) => ["--image", name]);
  // The chart names this one itself: it is found and packed without being listed.
  const values = ["--set", `web.image=${web}`];
  const packing = ["--name", "demo", "--bundle-version", "1.0.0", "--sign-key", "release.key"];
  await dray(
    "pack",
    ...listed,
    "--chart",
    chart,
    ...values,
    ...packing,
    "--store",
    "store",
    "-o",
    "demo-1.0.0.tar.gz",
  );

  title("3. What is in the file, for any tar");
  await listTar(join(work, "demo-1.0.0.tar.gz"), 12);

  title("4. Over the gap, by way of a Mac: unpacked, looked at, packed again");
  const carried = join(work, "carried.tar.gz");
  const added = await carryThroughMac(join(work, "demo-1.0.0.tar.gz"), carried);
  console.log(`It added ${added.length} files: ${added.slice(0, 4).join(", ")}, …`);

  title("5. On the isolated network: verify, check that no image is missing, push");
  await dray("verify", "carried.tar.gz", "--key", "release.pub");
  await dray("check", "carried.tar.gz", ...values, "--key", "release.pub");
  await dray("push", "carried.tar.gz", `${target}/mirror`, "--key", "release.pub");

  title("6. Pull back and compare every digest");
  await proveDigests(pushed, target);

  title("7. Flip one byte: refused");
  await flipOneByte(join(work, "demo-1.0.0.tar.gz"), join(work, "flipped.tar.gz"));
  const code = await run("verify", "flipped.tar.gz", "--key", "release.pub");
  if (code !== 3) throw new Error(`a damaged bundle must be refused with code 3, found ${code}`);
  console.log("(exit code 3)");
}

/** Pushes the images and says what digest each reference has. */
async function fillInternet(host: string): Promise<Map<string, string>> {
  const pool = new RegistryPool({}, { side: "target" });
  const pushed = new Map<string, string>();
  // The same seed gives the same base layer: it will travel once.
  for (const [repository, seed] of [
    ["shop/web", "shop"],
    ["shop/worker", "shop"],
    ["tools/probe", "probe"],
  ] as const) {
    const image = makeMultiArch(seed, { size: 512 * 1024, own: repository });
    const at = pool.repository({ registry: host, repository }, "pull,push");
    const { digest } = await pushImage(at, image, "1.0.0");
    pushed.set(`${host}/${repository}:1.0.0`, digest);
  }
  await pool.close();
  return pushed;
}

async function proveDigests(pushed: ReadonlyMap<string, string>, target: string): Promise<void> {
  const pool = new RegistryPool({}, { side: "source" });
  for (const [name, wanted] of pushed) {
    const repository = `mirror/${name.replace(/^[^/]+\//, "").replace(/:[^:/]+$/, "")}`;
    const found = await pool.repository({ registry: target, repository }).resolve("1.0.0");
    if (found.digest !== wanted) throw new Error(`${repository}: ${found.digest} is not ${wanted}`);
    console.log(`${target}/${repository}:1.0.0\n  ${found.digest}  the same`);
  }
  await pool.close();
}

async function flipOneByte(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const { size } = await stat(to);
  const file = await open(to, "r+");
  const position = Math.floor(size * 0.7);
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 0x40]), 0, 1, position);
  await file.close();
}

function hostOf({ url }: RunningRegistry): string {
  return url.replace(/^http:\/\//, "");
}

function title(text: string): void {
  console.log(`\n\u2014\u2014 ${text}\n`);
}

async function dray(...args: string[]): Promise<void> {
  const code = await run(...args);
  if (code !== 0) throw new Error(`dray ${args[0]} ended with ${code}`);
}

/** Runs the command line itself, as somebody at a terminal would. */
async function run(...args: string[]): Promise<number | null> {
  console.log(`$ dray ${args.join(" ")}`);
  const child = spawn(process.execPath, [DRAY, ...args], {
    cwd: work,
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((settle, reject) => {
    child.once("error", reject);
    child.once("close", settle);
  });
}
