import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it, type TestContext } from "vitest";
import { makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { needs } from "../programs.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { dockerRegistry } from "./lab.ts";
import { desk, packImages, pushBundle } from "../stories/lab.ts";

/** A host with the programs and a key pair of cosign. */
class Bench {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** What it prints; registries of this process answer while it runs. */
  run(program: string, ...args: readonly string[]): Promise<string> {
    const env = { PATH: process.env["PATH"], HOME: this.folder, COSIGN_PASSWORD: "secret" };
    return new Promise((resolve, reject) => {
      execFile(program, args, { cwd: this.folder, env }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout + stderr);
        else reject(error);
      });
    });
  }

  cosign(...args: readonly string[]): Promise<string> {
    return this.run("cosign", ...args);
  }

  /** cosign 3 asks a transparency log unless its configuration says otherwise; 2 knows no such flag. */
  async offline(): Promise<string[]> {
    const output = await this.cosign("sign", "--help");
    const isNew = output.includes("--use-signing-config");
    return ["--tlog-upload=false", ...(isNew ? ["--use-signing-config=false"] : [])];
  }
}

async function bench(context: TestContext): Promise<Bench> {
  for (const program of ["cosign", "oras", "docker-registry"]) needs(context, program);
  const made = new Bench(await temporaryDirectory());
  await made.cosign("generate-key-pair");
  return made;
}

/** A registry without an API for referrers, and one that has it. */
async function targets(): Promise<string[]> {
  return [(await dockerRegistry()).host, (await startRegistry()).host];
}

const KEY = ["--key", "cosign.pub", "--insecure-ignore-tlog=true", "--allow-insecure-registry"];

describe("what cosign and oras have put beside an image", () => {
  it("is found and verified by them where the bundle went", async (context) => {
    const host = await bench(context);
    const source = await startRegistry();
    await fill(source, makeMultiArch("signed"), "team/app:1.0");
    const image = `${source.host}/team/app:1.0`;
    const sign = ["--yes", "--key", "cosign.key", ...(await host.offline())];
    await host.cosign("sign", ...sign, "--allow-insecure-registry", image);
    await writeFile(join(host.folder, "predicate.json"), '{"spdxVersion":"SPDX-2.3"}');
    await host.cosign(
      "attest",
      ...sign,
      "--predicate",
      "predicate.json",
      "--type",
      "spdxjson",
      image,
    );
    const attached = ["--plain-http", "--artifact-type", "application/spdx+json", image];
    await host.run("oras", "attach", ...attached, "predicate.json");
    const at = await desk(source);
    await packImages(at, ["team/app:1.0"]);
    for (const target of await targets()) {
      await pushBundle(at.output, `${target}/mirror`);
      const there = `${target}/mirror/team/app:1.0`;
      await host.cosign("verify", ...KEY, there);
      await host.cosign("verify-attestation", "--type", "spdxjson", ...KEY, there);
      expect(await host.run("oras", "discover", "--plain-http", there)).toContain(
        "application/spdx+json",
      );
    }
  });
});
