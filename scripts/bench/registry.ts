import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

export interface BenchRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  stop(): Promise<void>;
}

export function isInstalled(program: string): boolean {
  return spawnSync("which", [program]).status === 0;
}

/** A registry in a process of its own: Debian's where there is one, else dray's. */
export async function startRegistry(directory: string, dray: string): Promise<BenchRegistry> {
  const port = await freePort();
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const child = isInstalled("docker-registry")
    ? await startDebian(directory, port)
    : spawn("node", [dray, "serve", directory, "--writable", "--port", String(port)], {
        stdio: "ignore",
      });
  await answering(`http://127.0.0.1:${port}/v2/`);
  return { host: `127.0.0.1:${port}`, stop: () => stop(child) };
}

async function startDebian(directory: string, port: number): Promise<ChildProcess> {
  const config = join(directory, "config.yml");
  const lines = [
    "version: 0.1",
    "log: {level: error, accesslog: {disabled: true}}",
    `storage: {filesystem: {rootdirectory: ${JSON.stringify(join(directory, "data"))}}}`,
    `http: {addr: "127.0.0.1:${port}"}`,
  ];
  await writeFile(config, `${lines.join("\n")}\n`);
  return spawn("docker-registry", ["serve", config], { stdio: "ignore" });
}

async function stop(child: ChildProcess): Promise<void> {
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await closed;
}

async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await fetch(url);
      return;
    } catch {
      await sleep(50);
    }
  }
  throw new Error(`no answer from ${url}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** A registry that takes everything at once and keeps no blob. */
export async function startSink(): Promise<BenchRegistry> {
  const program = join(import.meta.dirname, "sink-registry.js");
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  const [first] = (await once(child.stdout, "data")) as [Buffer];
  return { host: first.toString().trim(), stop: () => stop(child) };
}
