import { spawnSync } from "node:child_process";
import { onTestFinished, type TestContext } from "vitest";
import { temporaryDirectory } from "../fixtures/temporary-directory.ts";

/** A file system in memory until the test ends, with options of tmpfs such as `size=2m`. */
export async function ownDisk(context: TestContext, options: string): Promise<string> {
  const directory = await temporaryDirectory();
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory]);
  if (status !== 0) context.skip("needs the right to mount a tmpfs");
  onTestFinished(() => void spawnSync("umount", [directory]));
  return directory;
}
