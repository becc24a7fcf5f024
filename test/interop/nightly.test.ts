import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { built } from "../built.ts";
import { dray } from "../cli/terminal.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";

const PASSPHRASE = { DRAY_KEY_PASSPHRASE: "correct horse battery staple" };

const github = z.object({
  jobs: z.object({ pack: z.object({ steps: z.array(z.object({ run: z.string().optional() })) }) }),
});
const gitlab = z.object({ bundle: z.object({ script: z.array(z.string()) }) });

async function read(name: string): Promise<unknown> {
  return load(await readFile(new URL(`../../docs/ci/${name}`, import.meta.url), "utf8"));
}

/** What each job runs once dray is installed, line by line in a shell that stops at what fails. */
const JOBS = {
  "github-actions.yaml": async () =>
    // The step behind a condition says of the bundle what is in it: here the shell asks whether there is one.
    github
      .parse(await read("github-actions.yaml"))
      .jobs.pack.steps.flatMap(({ run = "" }) =>
        run.startsWith("dray inspect") ? [`test ! -e bundle.tar.gz || ${run}`] : [run],
      ),
  "gitlab-ci.yaml": async () => gitlab.parse(await read("gitlab-ci.yaml")).bundle.script,
};

/** A repository with the recipe of an image that is at a registry, its key, and `dray` on the PATH. */
async function makeRepository(): Promise<{
  folder: string;
  run: (script: string) => Promise<number>;
}> {
  const folder = await temporaryDirectory();
  const registry = await startRegistry();
  await fill(registry, oneLayerImage("app"));
  const recipe = `name: app\nversion: "1.0"\nimages: ["${registry.host}/team/app:1.0"]\n`;
  await writeFile(join(folder, "bundle.yaml"), recipe);
  await dray(["keygen", join(folder, "release")], { env: PASSPHRASE });
  const bin = join(folder, "bin");
  await mkdir(bin);
  const program = `#!/bin/sh\nexec "${process.execPath}" "${built("cli/dray.js")}" "$@"\n`;
  await writeFile(join(bin, "dray"), program);
  await chmod(join(bin, "dray"), 0o755);
  const env = {
    ...PASSPHRASE,
    PATH: [bin, process.env["PATH"]].join(delimiter),
    HOME: folder,
    RUNNER_TEMP: folder,
    SIGN_KEY: await readFile(join(folder, "release.key"), "utf8"),
    DRAY_SIGN_KEY: join(folder, "release.key"),
  };
  const run = (script: string): Promise<number> =>
    new Promise((resolve) => {
      const child = execFile("sh", ["-ec", script], { cwd: folder, env }, () => {
        resolve(child.exitCode ?? -1);
      });
    });
  return { folder, run };
}

describe.each(Object.entries(JOBS))("the job of docs/ci/%s", (_name, linesOf) => {
  it("packs what is there, and writes nothing once the isolated side has it", async () => {
    const { folder, run } = await makeRepository();
    const script = (await linesOf()).filter((line) => !line.startsWith("npm ")).join("\n");
    expect(await run(script)).toBe(0);
    expect(await readFile(join(folder, "bundle.txt"), "utf8")).toContain("/team/app:1.0");
    const isolated = await startRegistry();
    const [bundle, target] = [join(folder, "bundle.tar.gz"), `${isolated.host}/mirror`];
    await dray(["push", bundle, target, "--key", join(folder, "release.pub")]);
    await dray(["inventory", target, "-o", join(folder, "since.json")]);
    await rm(bundle);
    await rm(join(folder, "bundle.txt"));
    expect(await run(script)).toBe(0);
    expect(await readdir(folder)).not.toContain("bundle.tar.gz");
    expect(await readdir(folder)).not.toContain("bundle.txt");
  });
});
