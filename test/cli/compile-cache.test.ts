import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, symlink, utimes } from "node:fs/promises";
import * as modules from "node:module";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { compiledFolder } from "../../bin/compile-cache.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { VERSION } from "../../src/version.ts";
import { built } from "../built.ts";

/** Of what runs the tests. */
const OWN = `${VERSION}-node-${process.versions.node}`;

const windows = process.platform === "win32";

describe("the folder for what is compiled", () => {
  it("lies where programs keep such things, and nobody else may write to it", async (context) => {
    if (windows) context.skip("Windows has no modes of files");
    const cache = await temporaryDirectory();
    const place = join(cache, "dray", "compiled");
    const folder = join(place, OWN);
    expect(compiledFolder({ XDG_CACHE_HOME: cache })).toBe(folder);
    await chmod(place, 0o777);
    expect(compiledFolder({ XDG_CACHE_HOME: cache })).toBeUndefined();
    await chmod(place, 0o700);
    expect(compiledFolder({ XDG_CACHE_HOME: cache })).toBe(folder);
  });

  it("takes the place of the oldest of others when it is made, and of none later", async () => {
    const cache = await temporaryDirectory();
    const place = join(cache, "dray", "compiled");
    const others = ["v22.1.0-x64", "0.0.9-node-22.1.0", "0.0.9-node-24.0.0", "0.1.0-node-22.0.0"];
    await mkdir(place, { recursive: true });
    await chmod(place, 0o700);
    for (const [day, name] of others.entries()) {
      await mkdir(join(place, name, "deep"), { recursive: true });
      await utimes(join(place, name), new Date(day * 86_400_000), new Date(day * 86_400_000));
    }
    const env = { XDG_CACHE_HOME: cache, LOCALAPPDATA: cache };
    compiledFolder(env);
    const [oldest = "", ...newer] = others;
    expect((await readdir(place)).toSorted()).toEqual([...newer, OWN].toSorted());
    await mkdir(join(place, oldest));
    compiledFolder(env);
    expect(await readdir(place)).toContain(oldest);
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
