import { execFileSync, spawnSync } from "node:child_process";
import { appendFile, chmod, copyFile, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";
import { VERSION } from "../../src/version.ts";
import type { Inside } from "./inside.ts";
import { HOST, type NodeBinary } from "./node-binary.ts";

const BUILT = resolve(import.meta.dirname, "../..");
const NOTICES = "THIRD-PARTY-NOTICES.txt";
const RULE = `\n${"-".repeat(80)}\n\n`;

/** https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
const POSTJECT = createRequire(import.meta.url).resolve("postject/dist/cli.js");

interface Parts {
  readonly platform: string;
  /** What becomes the executable. */
  readonly node: NodeBinary;
  /** Of the same version, and of this platform. */
  readonly builder: NodeBinary;
  readonly inside: Inside;
  readonly output: string;
}

/** Returns where it is. */
export async function buildExecutable(parts: Parts): Promise<string> {
  const { platform, node, builder, inside, output } = parts;
  const ending = platform.startsWith("win-") ? ".exe" : "";
  const path = join(output, `dray-${VERSION}-${platform}${ending}`);
  const config = join(inside.directory, `${platform}.json`);
  const blob = join(inside.directory, `${platform}.blob`);
  const wanted = {
    main: join(inside.directory, inside.loader),
    output: blob,
    disableExperimentalSEAWarning: true,
    // Compiled code is of one platform, and this one does not run the others.
    useCodeCache: platform === HOST,
    assets: await assetsOf(inside, builder),
  };
  await writeFile(config, JSON.stringify(wanted));
  execFileSync(builder.path, ["--experimental-sea-config", config], { stdio: "ignore" });
  await copyFile(node.path, path);
  const inject = [POSTJECT, path, "NODE_SEA_BLOB", blob, "--sentinel-fuse", FUSE];
  execFileSync(process.execPath, inject, { stdio: "ignore" });
  await chmod(path, 0o755);
  return path;
}

/** All that can be asked for inside, by name. */
async function assetsOf(inside: Inside, { license }: NodeBinary): Promise<Record<string, string>> {
  const notices = join(inside.directory, NOTICES);
  await copyFile(join(BUILT, "cli", NOTICES), notices);
  await appendFile(notices, `${RULE}Node.js\n\n${await readFile(license, "utf8")}`);
  const files = inside.files.map((file) => [file, join(inside.directory, file)] as const);
  return {
    LICENSE: join(BUILT, "cli/LICENSE"),
    [NOTICES]: notices,
    ...Object.fromEntries(files),
  };
}

/** True if it starts here and says its version. */
export function tryExecutable(path: string): boolean {
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return status === 0 && stdout === `${VERSION}\n`;
}
