import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, symlink } from "node:fs/promises";
import * as modules from "node:module";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { compiledFolder } from "../../bin/compile-cache.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { built } from "../built.ts";

const windows = process.platform === "win32";

describe("the folder for what is compiled", () => {
  it("lies where programs keep such things, and nobody else may write to it", async (context) => {
    if (windows) context.skip("Windows has no modes of files");
    const cache = await temporaryDirectory();
    const folder = join(cache, "dray", "compiled");
    expect(compiledFolder({ XDG_CACHE_HOME: cache })).toBe(folder);
    await chmod(folder, 0o777);
    expect(compiledFolder({ XDG_CACHE_HOME: cache })).toBeUndefined();
    await chmod(folder, 0o700);
    expect(compiledFolder({ XDG_CACHE_HOME: cache })).toBe(folder);
  });

  it("is none that a link leads to", async (context) => {
    if (windows) context.skip("links need a privilege on Windows");
    const [cache, elsewhere] = [await temporaryDirectory(), await temporaryDirectory()];
    await mkdir(join(cache, "dray"));
    await symlink(elsewhere, join(cache, "dray", "compiled"));
    expect(compiledFolder({ XDG_CACHE_HOME: cache })).toBeUndefined();
  });

  it("is none where there is no home", () => {
    expect(compiledFolder({})).toBeUndefined();
    expect(
      compiledFolder({ XDG_CACHE_HOME: "cache", HOME: "home", LOCALAPPDATA: "" }),
    ).toBeUndefined();
    expect(
      compiledFolder({ XDG_CACHE_HOME: "/dev/null/none", LOCALAPPDATA: "Z:\\none" }),
    ).toBeUndefined();
  });

  it("is filled by a Node.js that can, and by no other", async () => {
    const cache = await temporaryDirectory();
    const env = { XDG_CACHE_HOME: cache, LOCALAPPDATA: cache };
    const { status } = spawnSync(process.execPath, [built("cli/dray.js"), "images", "--help"], {
      env,
    });
    expect(status).toBe(0);
    const kept = await readdir(cache, { recursive: true });
    expect(kept.length > 3).toBe("enableCompileCache" in modules);
  });
});
