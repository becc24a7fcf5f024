import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeMultiArch } from "../../fixtures/images.ts";
import { sigstoreReferrer } from "../../fixtures/signatures.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { keygen } from "../../src/stories/keygen.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { PERSON, sigstore } from "../trust/images/lab.ts";
import { dray, type Outcome } from "./terminal.ts";

const image = makeMultiArch("carried-root", { size: 100 });
const CARRIED = "files/keys/root.json";

/** A registry with an image that somebody has signed without a key, and a key for bundles. */
class Site {
  readonly source: TestRegistry;
  readonly folder: string;
  readonly release: { readonly publicKey: string; readonly privateKey: string };

  private constructor(source: TestRegistry, folder: string, release: Site["release"]) {
    this.source = source;
    this.folder = folder;
    this.release = release;
  }

  static async open(): Promise<Site> {
    const [source, folder, log] = [
      await startRegistry(),
      await temporaryDirectory(),
      await sigstore(),
    ];
    await fill(source, image, "team/app:1.0");
    const pen = await log.pen(PERSON);
    await fill(source, await sigstoreReferrer(image.root.descriptor, { pen, log }), "team/app:s");
    const site = new Site(source, folder, await keygen(join(folder, "release"), undefined));
    await site.write("trusted_root.json", JSON.stringify(log.trustedRoot()));
    return site;
  }

  async write(name: string, text: string): Promise<string> {
    await writeFile(join(this.folder, name), text);
    return join(this.folder, name);
  }

  async recipe(...lines: readonly string[]): Promise<string> {
    const images = `images: ["${this.source.host}/team/app:1.0"]`;
    return this.write(
      "bundle.yaml",
      ['name: web\nversion: "1.0"', images, ...lines, ""].join("\n"),
    );
  }

  /** Packs with `lines` in the recipe, signed unless something else is said. */
  async pack(
    lines: readonly string[],
    sign: readonly string[] = ["--sign-key", this.release.privateKey],
  ): Promise<Outcome> {
    const recipe = await this.recipe(...lines);
    const how = ["-o", join(this.folder, "web.tar.gz"), "--force", "--plain-http"];
    return dray(["pack", recipe, ...how, ...sign]);
  }

  async on(command: readonly string[], policy: string): Promise<Outcome> {
    const file = ["--target-file", await this.write("target.yaml", policy)];
    const [name = "", ...rest] = command;
    return dray([name, join(this.folder, "web.tar.gz"), ...rest, ...file]);
  }
}

const TRAVELS = ["files: [{ path: trusted_root.json, as: keys/root.json }]"];

function by(identity: string = PERSON.identity, path: string = CARRIED): string {
  const root = `trustedRoot: { carried: "${path}" }`;
  const who = `{ identity: "${identity}", issuer: "${PERSON.issuer}", ${root} }`;
  return `policy:\n  - images: "*"\n    signedBy: [${who}]\n`;
}

describe("a trusted root that travels in the bundle", () => {
  it("counts for verify and push where a trusted key has signed the bundle", async () => {
    const at = await Site.open();
    expect((await at.pack(TRAVELS)).code).toBe(0);
    const [target, key] = [await startRegistry(), ["--key", at.release.publicKey]];
    for (const command of [["verify"], ["push", target.host]]) {
      const good = await at.on([...command, ...key], by());
      expect([good.code, good.stdout]).toEqual([0, expect.stringContaining(PERSON.identity)]);
      const other = await at.on([...command, ...key], by("https://example.com/mallory"));
      expect([other.code, other.stderr]).toEqual([3, expect.stringContaining("IMAGE_UNSIGNED")]);
      expect(other.stderr).toContain(`it is by ${PERSON.identity}`);
    }
  });

  it("counts for nobody where no trusted key has signed the bundle, however it is let in", async () => {
    const at = await Site.open();
    const mallory = await keygen(join(at.folder, "mallory"), undefined);
    const unsigned = ["--unsigned"];
    for (const sign of [unsigned, ["--sign-key", mallory.privateKey]]) {
      expect((await at.pack(TRAVELS, sign)).code).toBe(0);
      const target = await startRegistry();
      for (const command of [["verify"], ["push", target.host]]) {
        const refused = await at.on([...command, "--allow-unsigned"], by());
        expect([refused.code, refused.stderr]).toEqual([
          3,
          expect.stringContaining(
            `the trusted root "${CARRIED}" of the bundle: no trusted key has signed the bundle`,
          ),
        ]);
      }
      expect(target.seen).toEqual([]);
    }
  });

  it.each([
    ["is not there", TRAVELS, "files/other.json", "it is not there"],
    [
      "is none",
      ["files: [{ path: release.pub, as: keys/root.json }]"],
      CARRIED,
      "expected a value, found",
    ],
    [
      "says of itself that it is none",
      ["files: [{ path: target.yaml, as: keys/root.json }]"],
      CARRIED,
      "mediaType: expected",
    ],
  ])("is named where it %s", async (...[, lines, path, reason]) => {
    const at = await Site.open();
    await at.write("target.yaml", "{}");
    expect((await at.pack(lines)).code).toBe(0);
    for (const command of [["verify"], ["push", "127.0.0.1:1"]]) {
      const outcome = await at.on([...command, "--key", at.release.publicKey], by(undefined, path));
      expect([outcome.code, outcome.stderr]).toEqual([3, expect.stringContaining(reason)]);
      expect(outcome.stderr).toContain(`the trusted root "${path}" of the bundle: `);
    }
  });

  it("is a file that the recipe itself lists where a recipe names it", async () => {
    const at = await Site.open();
    expect((await at.pack([...TRAVELS, by()])).stdout).toContain(PERSON.identity);
    const wrong = await at.pack([...TRAVELS, by("https://example.com/mallory")]);
    expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining("IMAGE_UNSIGNED")]);
    const missing = await at.pack([by()]);
    expect([missing.code, missing.stderr]).toEqual([3, expect.stringContaining("is not there")]);
  });

  it("that comes with another bundle counts for no recipe", async () => {
    const at = await Site.open();
    expect((await at.pack(TRAVELS)).code).toBe(0);
    const inner = ["-o", join(at.folder, "outer.tar.gz"), "--unsigned", "--plain-http"];
    const from = ["--from", join(at.folder, "web.tar.gz"), "--key", at.release.publicKey];
    const outcome = await dray(["pack", await at.recipe(by()), ...from, ...inner]);
    expect([outcome.code, outcome.stderr]).toEqual([3, expect.stringContaining("is not there")]);
  });

  it("is not there for the target's policy of a copy, which has no bundle", async () => {
    const at = await Site.open();
    const target = await startRegistry();
    const recipe = await at.recipe(...TRAVELS, by());
    const file = ["--target-file", await at.write("target.yaml", by())];
    const copy = ["copy", recipe, target.host, "--plain-http"];
    const outcome = await dray([...copy, ...file]);
    expect([outcome.code, outcome.stderr]).toEqual([
      3,
      expect.stringContaining("a copy goes without a bundle"),
    ]);
    expect(target.seen).toEqual([]);
    expect((await dray(copy)).code).toBe(0);
  });

  it("is named as the bundle names it", async () => {
    const at = await Site.open();
    const { code, stderr } = await at.pack([...TRAVELS, by(undefined, "keys/root.json")]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("files/…")]);
  });
});
