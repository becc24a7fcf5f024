import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it, type TestContext } from "vitest";
import { makeMultiArch } from "../../fixtures/images.ts";
import { makeNotation } from "../../fixtures/referrers.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { parseNames } from "../../src/foreign/given-names.ts";
import { referrersTag } from "../../src/oci/referrer.ts";
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

  static async with(context: TestContext, programs: readonly string[]): Promise<Bench> {
    for (const program of programs) needs(context, program);
    return new Bench(await temporaryDirectory());
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
  const made = await Bench.with(context, ["cosign", "oras", "docker-registry"]);
  await made.cosign("generate-key-pair");
  return made;
}

/** A registry without an API for referrers, and one that has it. */
async function targets(): Promise<readonly [string, string]> {
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

describe("a signature of Notation", () => {
  it("is found by oras and crane where the bundle went, with and without an API for referrers", async (context) => {
    const host = await Bench.with(context, ["oras", "crane", "docker-registry"]);
    const source = await startRegistry();
    const image = makeMultiArch("notation");
    await fill(source, image, "team/app:1.0");
    const signature = makeNotation(image.root.descriptor);
    await fill(source, signature, "team/app:signed");
    const at = await desk(source);
    await packImages(at, ["team/app:1.0"]);
    const [withList, withApi] = await targets();
    const { digest } = signature.root.descriptor;
    for (const target of [withList, withApi]) {
      await pushBundle(at.output, `${target}/mirror`);
      const there = `${target}/mirror/team/app`;
      const found = await host.run("oras", "discover", "--plain-http", `${there}:1.0`);
      expect(found).toContain("application/vnd.cncf.notary.signature");
      expect(found).toContain(digest);
      const raw = await host.run("crane", "manifest", "--insecure", `${there}@${digest}`);
      expect(raw.trim()).toBe(signature.root.bytes.toString());
    }
    const list = referrersTag(image.root.descriptor.digest);
    const tags = await host.run("crane", "ls", "--insecure", `${withList}/mirror/team/app`);
    expect(tags.split("\n")).toContain(list);
    const listed = await host.run(
      "crane",
      "manifest",
      "--insecure",
      `${withList}/mirror/team/app:${list}`,
    );
    expect(listed).toContain(digest);
  });
});

describe("what oras or cosign have written to disk", () => {
  it("is packed with its signatures, which they verify where the bundle went", async (context) => {
    const host = await bench(context);
    const source = await startRegistry();
    await fill(source, makeMultiArch("saved"), "team/app:1.0");
    const image = `${source.host}/team/app:1.0`;
    const sign = ["--yes", "--key", "cosign.key", ...(await host.offline())];
    await host.cosign("sign", ...sign, "--allow-insecure-registry", image);
    const repository = `${source.host}/team/app`;
    const tags = await host.run("oras", "repo", "tags", "--plain-http", repository);
    // oras leaves behind what stands under tags of version 2, and cosign saves no bundles of version 3.
    if (tags.includes(".sig")) {
      await host.cosign("save", "--dir", "saved", "--allow-insecure-registry", image);
    } else {
      const how = ["-r", "--from-plain-http", "--to-oci-layout"];
      await host.run("oras", "cp", ...how, image, "saved:1.0");
    }
    const at = await desk(source);
    const home = "registry.example/team/app";
    const names = parseNames([], home);
    await packImages(at, [], { recipe: { from: [join(host.folder, "saved")], names } });
    for (const target of await targets()) {
      const { artifacts } = await pushBundle(at.output, `${target}/mirror`);
      const there = artifacts.find(({ kind }) => kind === "image")?.target ?? "";
      expect(there).toContain("/mirror/team/app");
      await host.cosign("verify", ...KEY, there);
    }
  });
});
