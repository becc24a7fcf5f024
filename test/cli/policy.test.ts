import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeMultiArch } from "../../fixtures/images.ts";
import { cosignSignature, sigstoreReferrer } from "../../fixtures/signatures.ts";
import { keyPen, pemOf, type Pen } from "../../fixtures/sigstore.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { cosignTag } from "../../src/oci/referrer.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { PERSON, sigstore } from "../trust/images/lab.ts";
import { dray, type Outcome } from "./terminal.ts";

const image = makeMultiArch("policy", { size: 100 });
const { descriptor } = image.root;

/** A registry with an image that a vendor has signed, and a directory with the keys. */
class Case {
  readonly vendor: Pen;
  readonly source: TestRegistry;
  readonly folder: string;

  private constructor(vendor: Pen, source: TestRegistry, folder: string) {
    this.vendor = vendor;
    this.source = source;
    this.folder = folder;
  }

  static async open(): Promise<Case> {
    const [vendor, folder] = [keyPen(), await temporaryDirectory()];
    const source = await startRegistry();
    await fill(source, image, "team/app:1.0");
    const signed = await cosignSignature(descriptor, { pen: vendor });
    await fill(source, signed, `team/app:${cosignTag(descriptor.digest, "sig")}`);
    await writeFile(join(folder, "vendor.pub"), pemOf(vendor));
    await writeFile(join(folder, "mallory.pub"), pemOf(keyPen()));
    return new Case(vendor, source, folder);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async recipe(policy: string): Promise<string> {
    const path = this.path("bundle.yaml");
    const images = `images: ["${this.source.host}/team/app:1.0"]`;
    await writeFile(path, `name: web\nversion: "1.0"\n${images}\n${policy}`);
    return path;
  }

  async target(policy: string): Promise<string> {
    await writeFile(this.path("target.yaml"), policy);
    return this.path("target.yaml");
  }

  /** Packs and leaves the bundle unsigned. */
  async pack(policy: string, ...flags: readonly string[]): Promise<Outcome> {
    const output = ["-o", this.path("web.tar.gz"), "--force", "--unsigned", "--plain-http"];
    const store = ["--store", this.path("store")];
    return dray(["pack", await this.recipe(policy), ...output, ...store, ...flags]);
  }

  /** A command on the bundle, with a policy of the target. */
  async on(command: readonly string[], policy: string): Promise<Outcome> {
    const file = ["--target-file", await this.target(policy), "--allow-unsigned"];
    const [name = "", ...rest] = command;
    return dray([name, this.path("web.tar.gz"), ...rest, ...file]);
  }
}

function by(key: string, more = ""): string {
  return `policy:\n  - images: "*/team/*"\n    signedBy: [{ key: ${key} }]\n${more}`;
}

function keyless(identity: string): string {
  const who = `{ identity: "${identity}", issuer: "${PERSON.issuer}", trustedRoot: trusted_root.json }`;
  return `policy:\n  - images: "*"\n    signedBy: [${who}]\n`;
}

describe("a policy in the recipe", () => {
  it("lets pack go on where those have signed whom it names, and says who", async () => {
    const at = await Case.open();
    const { code, stdout } = await at.pack(by("vendor.pub"));
    expect([code, stdout]).toEqual([0, expect.stringContaining("[IMAGE_SIGNED]")]);
    expect(stdout).toContain(`team/app:1.0 is signed by key`);
  });

  it("ends pack with 3 where they have not, before anything is pulled or written", async () => {
    const at = await Case.open();
    for (const flags of [[], ["--dry-run"], ["--json"]]) {
      const { code, stderr } = await at.pack(by("mallory.pub"), ...flags);
      expect([code, stderr]).toEqual([3, expect.stringContaining("[IMAGE_UNSIGNED]")]);
      expect(stderr).toContain("it is by another key");
    }
    expect((await readdir(at.folder)).filter((name) => name.startsWith("web"))).toEqual([]);
    const layers = image.blobs.filter(({ bytes }) => bytes.length > 100);
    for (const { descriptor: layer } of layers) {
      expect(at.source.requests("GET", new RegExp(`blobs/${layer.digest}`))).toEqual([]);
    }
  });

  it("warns where it says so, and of what no rule is about", async () => {
    const at = await Case.open();
    const lax = await at.pack(by("mallory.pub", "    unsigned: warn\n"));
    expect([lax.code, lax.stderr]).toEqual([0, expect.stringContaining("warning: ")]);
    const other = "policy: [{ images: quay.io/*, signedBy: [{ key: vendor.pub }] }]\n";
    const uncovered = await at.pack(other);
    expect(uncovered.code).toBe(0);
    expect(uncovered.stderr).toContain("[IMAGE_UNCOVERED]");
  });

  it("is as good with what the lock pins", async () => {
    const at = await Case.open();
    expect((await at.pack(by("vendor.pub"))).code).toBe(0);
    expect((await at.pack(by("vendor.pub"), "--locked")).code).toBe(0);
    expect((await at.pack(by("mallory.pub"), "--locked")).code).toBe(3);
  });

  it.each([
    [
      "policy:\n  - images: x/*\n    signedBy: [{ key: a.pub, issuer: b }]\n",
      "line 6, column 5: policy, item 1, signedBy, item 1: expected a key, or identity and issuer, found both",
    ],
    [
      "policy:\n  - images: x/*\n    signedBy: [{ identity: a, trustedRoot: r }]\n",
      "expected a key, or an identity and its issuer: one of issuer or issuerPattern",
    ],
    [
      "policy:\n  - images: x/*\n    signedBy: [{ issuer: a, identityPattern: b }]\n",
      "expected the trustedRoot that vouches for the identity",
    ],
    [
      "policy:\n  - images: x/*\n    signedBy:\n      - identityPattern: '('\n        issuer: i\n        trustedRoot: r\n",
      "expected a pattern of RE2: ",
    ],
    ["policy:\n  - images: x/*\n    signedBy: []\n", "line 6, column 5: policy, item 1, signedBy"],
    [
      "policy:\n  - images: x/*\n    signedBy: [{ key: k }]\n    require: 2\n",
      "line 7, column 5: policy, item 1, require: expected at most the 1 of signedBy",
    ],
    [
      "policy:\n  - images: x/*\n    signedBy: [{ key: k }]\n    require: 0\n",
      "expected 1 or more where no attestations are asked for",
    ],
    [
      "policy:\n  - images: x/*\n    signedBy: [{ key: k }]\n    attestations: [provenance]\n",
      "expected slsa-provenance, sbom, vex or the address of a predicate type",
    ],
    [
      "policy:\n  - images: x/*\n    signedby: [{ key: k }]\n",
      'unknown key "signedby"; did you mean "signedBy"?',
    ],
    ["policy: []\n", "expected at least 1 entry"],
  ])("that is written wrong is named by its place: %#", async (policy, words) => {
    const at = await Case.open();
    const { code, stderr } = await at.pack(policy);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });
});

describe("a policy in the target file", () => {
  it("is looked at by verify, which asks no registry", async () => {
    const at = await Case.open();
    expect((await at.pack("")).code).toBe(0);
    const asked = at.source.seen.length;
    const verified = await at.on(["verify"], by("vendor.pub"));
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining("IMAGE_SIGNED")]);
    const refused = await at.on(["verify"], by("mallory.pub"));
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("IMAGE_UNSIGNED")]);
    expect(at.source.seen).toHaveLength(asked);
  });

  it("ends push with 3 before anything is asked or sent, and a receipt says so", async () => {
    const at = await Case.open();
    expect((await at.pack("")).code).toBe(0);
    const target = await startRegistry();
    const place = [`${target.host}/mirror`, "--receipt", at.path("receipt.json")];
    const refused = await at.on(["push", ...place], by("mallory.pub"));
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("IMAGE_UNSIGNED")]);
    expect(target.seen).toEqual([]);
    const pushed = await at.on(["push", ...place], by("vendor.pub"));
    expect([pushed.code, pushed.stdout]).toEqual([0, expect.stringContaining("IMAGE_SIGNED")]);
  });

  it("counts for what is pushed, and not for what stays behind", async () => {
    const at = await Case.open();
    const other = makeMultiArch("unsigned", { size: 100 });
    await fill(at.source, other, "other/db:1");
    const more = ["--image", `${at.source.host}/other/db:1`];
    expect((await at.pack("", ...more)).code).toBe(0);
    const target = await startRegistry();
    const all = 'policy: [{ images: "*", signedBy: [{ key: vendor.pub }] }]\n';
    const refused = await at.on(["push", target.host], all);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("other/db:1")]);
    expect((await at.on(["push", target.host, "--only", "*/team/app"], all)).code).toBe(0);
    const without = ["push", target.host, "--only", "*/team/app", "--exclude", "*.sig"];
    expect((await at.on(without, all)).code).toBe(0);
  });

  it("counts for copy beside that of the recipe", async () => {
    const at = await Case.open();
    const target = await startRegistry();
    const copied = async (recipe: string, policy: string): Promise<number> => {
      const files = [await at.recipe(recipe), target.host];
      const how = ["--target-file", await at.target(policy), "--store", at.path("store")];
      return (await dray(["copy", ...files, ...how])).code;
    };
    expect(await copied(by("vendor.pub"), by("mallory.pub"))).toBe(3);
    expect(await copied(by("mallory.pub"), by("vendor.pub"))).toBe(3);
    expect(target.seen).toEqual([]);
    expect(await copied(by("vendor.pub"), by("vendor.pub"))).toBe(0);
  });
});

describe("who has signed without a key", () => {
  it("is proven from what the bundle carries and a trusted root beside it", async () => {
    const at = await Case.open();
    const log = await sigstore();
    const signed = await sigstoreReferrer(descriptor, { pen: await log.pen(PERSON), log });
    await fill(at.source, signed, "team/app:bundle");
    await writeFile(at.path("trusted_root.json"), JSON.stringify(log.trustedRoot()));
    expect((await at.pack("")).code).toBe(0);
    await rm(at.path("store"), { recursive: true });
    const good = await at.on(["verify"], keyless(PERSON.identity));
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining(PERSON.identity)]);
    expect((await at.on(["verify"], keyless("https://example.com/mallory"))).code).toBe(3);
  });
});
