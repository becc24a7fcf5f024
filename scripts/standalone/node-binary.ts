import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { extract } from "tar/extract";

/** The newest that is there for every platform of a line that needs no library beside those of every Linux. */
export const NODE_VERSION = "24.21.0";

/** This machine, as the packages name it: `linux-x64`, `win-x64`. */
export const HOST = `${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

/** A Node.js for one platform. */
export interface NodeBinary {
  readonly path: string;
  /** Its terms, which are those of every platform; packages for Windows have none. */
  readonly license: string;
}

/** Gets the program from npm, which checks what arrives. */
export async function fetchNode(platform: string, output: string): Promise<NodeBinary> {
  const directory = join(output, "node", platform);
  await mkdir(directory, { recursive: true });
  const name = `node-${platform}@${NODE_VERSION}`;
  const pack = ["pack", name, "--json", "--pack-destination", directory];
  // npm is a script of a shell on Windows.
  const shell = process.platform === "win32";
  const answer = execFileSync("npm", pack, { encoding: "utf8", shell });
  const [{ filename = "" } = {}] = JSON.parse(answer) as { filename?: string }[];
  await extract({ file: join(directory, filename), cwd: directory, strip: 1 });
  const program = platform.startsWith("win-") ? "bin/node.exe" : "bin/node";
  return { path: join(directory, program), license: join(directory, "LICENSE") };
}
