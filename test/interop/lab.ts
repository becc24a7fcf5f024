import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import {
  startDockerRegistry,
  type DockerRegistry,
  type Doorkeeping,
} from "../../fixtures/docker-registry.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";

/** Debian's registry, until the test ends. */
export async function dockerRegistry(door?: Doorkeeping): Promise<DockerRegistry> {
  const registry = await startDockerRegistry(await temporaryDirectory(), door);
  onTestFinished(() => registry.stop());
  return registry;
}

/** Runs a program and gives its output. @throws with its errors if it fails */
export async function run(program: string, argv: readonly string[]): Promise<string> {
  const home = await temporaryDirectory();
  const child = spawn(program, argv, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", HOME: home, HELM_CACHE_HOME: home },
  });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    }),
  ]);
  if (code !== 0) throw new Error(`${program} ${argv.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Digest of what `skopeo inspect --raw` prints: of the very bytes that the registry serves. */
export async function rawDigest(reference: string): Promise<string> {
  const raw = await run("skopeo", [
    "inspect",
    "--raw",
    "--tls-verify=false",
    `docker://${reference}`,
  ]);
  return digestOf(Buffer.from(raw));
}
