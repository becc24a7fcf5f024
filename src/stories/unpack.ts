import { chmod, lstat, mkdtemp, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { counted } from "../content/content.ts";
import { requireSpace } from "../content/disk-space.ts";
import { makeDirectory } from "../content/make-directory.ts";
import { ownAccount, requireFolder, requireOwnWay } from "../content/output-place.ts";
import { DrayError, diskFull, systemCode, unwritable } from "../errors.ts";
import type { Finding } from "../finding.ts";
import { writeContent } from "../layout/write-file.ts";
import { isTool } from "../bundle/format.ts";
import { requireUsable, type OpenedFile, type UsableBundle } from "../bundle/opened.ts";
import { loadableImages } from "../delivery/loadable-image.ts";
import { runtimeArchives, type RuntimeForm } from "../delivery/runtime-archive.ts";
import type { Platform } from "../oci/platform.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface UnpackOptions extends BundleOptions {
  /** Where to: made if it is not there, and empty if it is. */
  readonly directory: string;
  /** The images as archives that container runtimes load, instead of the bundle's own files. */
  readonly as?: RuntimeArchives | undefined;
  /** Say what would be written, once it is sure that there is room, and write nothing. @default false */
  readonly dryRun?: boolean | undefined;
}

export interface RuntimeArchives {
  readonly form: RuntimeForm;
  /** Take this one of each image; a Docker archive has room for one only. */
  readonly platform?: Platform | undefined;
  /** All images in `images.tar`. @default one archive an image */
  readonly single?: boolean | undefined;
}

export interface UnpackResult {
  /** Absolute. */
  readonly directory: string;
  readonly files: number;
  readonly bytes: number;
  readonly bundleDigest: string;
  /** What was put right, left out or is worth knowing. */
  readonly findings: readonly Finding[];
  readonly dryRun: boolean;
}

/**
 * Writes a bundle into a new directory: an OCI image layout, charts and files, with the list of sums
 * and its signatures. It appears whole and checked or not at all, and replaces nothing.
 *
 * @throws DrayError `DRAY_BUNDLE_REFUSED`, `DRAY_FILE_EXISTS`, `DRAY_DISK_FULL`, `DRAY_PLATFORM_MISSING`
 */
export async function unpack(
  options: UnpackOptions,
  runOptions: RunOptions = {},
): Promise<UnpackResult> {
  const run = startRun(runOptions);
  const target = resolve(options.directory);
  await requireOwnWay(options.directory, "directory");
  await requireFolder(dirname(target));
  await requireEmpty(target);
  return withBundle({ ...options, content: "readable" }, run, async (opened) => {
    const bundle = requireUsable(options.path, opened);
    const { bundleDigest, findings } = bundle;
    const files = await filesOf(bundle, options.as);
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    await requireSpace([{ path: target, bytes, purpose: "files" }]);
    const report = { directory: target, files: files.length, bytes, bundleDigest, findings };
    if (options.dryRun === true) return { ...report, dryRun: true };
    const growing = await begin(target);
    try {
      run.onEvent({ type: "stage", stage: "unpack", bytes });
      await writeFiles(files, growing, run);
      // Made private, because nobody else should see it grow.
      await chmod(growing, 0o755);
      await removeEmpty(target);
      await rename(growing, target);
      return { ...report, dryRun: false };
    } catch (error) {
      await rm(growing, { recursive: true, force: true });
      const action = `unpack into ${JSON.stringify(target)}`;
      const hint = "Make room or name another place; nothing was left behind.";
      throw diskFull(error, action, hint) ?? error;
    }
  });
}

async function filesOf(
  bundle: UsableBundle,
  as: RuntimeArchives | undefined,
): Promise<readonly OpenedFile[]> {
  if (as === undefined) return bundle.files();
  const { form, platform, single = false } = as;
  const onePlatform = form === "docker-archive";
  const images = await loadableImages(bundle, { platform, onePlatform });
  if (images.length > 0) return runtimeArchives(images, form, single);
  throw new DrayError("DRAY_USAGE", "Cannot write images for a runtime: the bundle has none", {
    kind: "usage",
    hint: "Unpack it without --as.",
  });
}

/** Makes the private directory beside `target` in which it grows. */
async function begin(target: string): Promise<string> {
  await makeDirectory(dirname(target));
  try {
    await removeLeft(target);
    return await mkdtemp(`${target}.partial-`);
  } catch (error) {
    throw unwritable(error, "directory", target) ?? error;
  }
}

async function writeFiles(
  files: readonly OpenedFile[],
  directory: string,
  { signal, onEvent }: Run,
): Promise<void> {
  for (const { path, content } of files) {
    signal.throwIfAborted();
    const file = join(directory, path);
    await makeDirectory(dirname(file));
    await writeContent(file, counted(content(), onEvent), { flags: "wx", signal });
    if (isTool(path)) await chmod(file, 0o755);
  }
}

/** No file of a run that is alive stays the same for so long. */
const SURELY_DEAD_MS = 10 * 60 * 1000;

/** Removes what runs of this account that were killed have left of the same directory. */
async function removeLeft(target: string): Promise<void> {
  const parent = dirname(target);
  const prefix = `${basename(target)}.partial-`;
  for (const { name } of await readdir(parent, { withFileTypes: true })) {
    const path = join(parent, name);
    if (/^[A-Za-z0-9]{6}$/.test(name.slice(prefix.length)) && name.startsWith(prefix)) {
      if (await isDead(path)) await rm(path, { recursive: true, force: true });
    }
  }
}

/** True of a private directory in which nothing has happened for long. */
async function isDead(path: string): Promise<boolean> {
  const found = await lstat(path);
  // Somebody else may be at it, or have put it there.
  if (!found.isDirectory() || found.uid !== (await ownAccount())) return false;
  const names = await readdir(path, { recursive: true });
  const times = await Promise.all(
    names.map(async (name) => (await lstat(join(path, name))).mtimeMs),
  );
  const newest = times.reduce((latest, time) => Math.max(latest, time), found.mtimeMs);
  return Date.now() - newest > SURELY_DEAD_MS;
}

async function requireEmpty(directory: string): Promise<void> {
  try {
    if ((await readdir(directory)).length === 0) return;
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return;
    if (code !== "ENOTDIR") throw unwritable(error, "directory", directory) ?? error;
  }
  throw new DrayError(
    "DRAY_FILE_EXISTS",
    `Cannot unpack into ${JSON.stringify(directory)}: expected nothing there, found something`,
    { kind: "usage", hint: "Name a directory that does not exist yet." },
  );
}

async function removeEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
