import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeBundle, SIGNER, sampleRecipe } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { Edition } from "../../src/delivery/receipt.ts";
import { parseReceipt } from "../../src/delivery/receipt-schema.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { dray, type Outcome } from "./terminal.ts";

interface Made {
  readonly name?: string;
  readonly version: string;
  readonly created?: Date;
  readonly note?: string;
}

/** A site: a registry, a key and one receipt for all pushes of a bundle. */
class Site {
  readonly #host: string;
  readonly #folder: string;

  private constructor(host: string, folder: string) {
    this.#host = host;
    this.#folder = folder;
  }

  static async open(): Promise<Site> {
    const [{ host }, folder] = [await startRegistry(), await temporaryDirectory()];
    const pem = SIGNER.publicKey.key.export({ type: "spki", format: "pem" });
    await writeFile(join(folder, "release.pub"), pem);
    return new Site(host, folder);
  }

  get receipt(): string {
    return join(this.#folder, "receipt.json");
  }

  async push({ note = "", ...made }: Made, ...flags: readonly string[]): Promise<Outcome> {
    const { path } = await makeBundle({ ...sampleRecipe(), ...made, files: { "note.txt": note } });
    const key = join(this.#folder, "release.pub");
    const how = ["--key", key, "--receipt", this.receipt, "--overwrite", "--quiet"];
    return dray(["push", path, this.#host, ...how, ...flags]);
  }

  async newest(): Promise<Edition | undefined> {
    return parseReceipt(await readFile(this.receipt), "receipt").newest;
  }
}

function day(date: number): Date {
  return new Date(Date.UTC(2026, 0, date));
}

describe("a push under the receipt of an earlier one", () => {
  it("warns of an older bundle of the name, by its version", async () => {
    const site = await Site.open();
    expect((await site.push({ version: "1.10.0" })).code).toBe(0);
    const { code, stderr } = await site.push({ version: "1.9.0" });
    expect([code, stderr]).toEqual([0, expect.stringContaining("[BUNDLE_OLDER]")]);
    expect(stderr).toContain("it is older than sample 1.10.0 (sha256:");
    expect(await site.newest()).toMatchObject({ name: "sample", version: "1.10.0" });
  });

  it("says nothing of a newer one, or of the same once more", async () => {
    const site = await Site.open();
    for (const version of ["1.9", "1.10", "1.10", "2.0.0-rc.1", "2.0.0"]) {
      expect(await site.push({ version }, "--no-rollback")).toMatchObject({ code: 0, stderr: "" });
    }
    expect(await site.newest()).toMatchObject({ version: "2.0.0" });
  });

  it("refuses an older one with --no-rollback, again and again, and lets the receipt be", async () => {
    const site = await Site.open();
    expect((await site.push({ version: "2.0.0" })).code).toBe(0);
    const before = await readFile(site.receipt, "utf8");
    for (const flags of [["--no-rollback"], ["--no-rollback", "--dry-run"], ["--no-rollback"]]) {
      const { code, stderr } = await site.push({ version: "1.0.0" }, ...flags);
      expect([code, stderr]).toEqual([3, expect.stringContaining("it is older than sample 2.0.0")]);
    }
    expect(await readFile(site.receipt, "utf8")).toBe(before);
  });

  it("goes by the time where the version is the same or none", async () => {
    for (const version of ["1.0.0", "nightly"]) {
      const site = await Site.open();
      const strict = "--no-rollback";
      expect((await site.push({ version, created: day(2), note: "b" }, strict)).code).toBe(0);
      expect((await site.push({ version, created: day(1), note: "a" }, strict)).code).toBe(3);
      expect((await site.push({ version, created: day(3), note: "c" }, strict)).code).toBe(0);
    }
  });

  it("refuses with --no-rollback what nothing says to be newer", async () => {
    const site = await Site.open();
    expect((await site.push({ version: "1.0.0", note: "one" })).code).toBe(0);
    const other = await site.push({ version: "1.0.0", note: "two" }, "--no-rollback");
    expect([other.code, other.stderr]).toEqual([3, expect.stringContaining("nothing says")]);
    const named = await site.push({ name: "other", version: "9.0.0" }, "--no-rollback");
    expect([named.code, named.stderr]).toEqual([3, expect.stringContaining("of another bundle")]);
    expect((await site.push({ name: "other", version: "9.0.0" })).stderr).toBe("");
  });

  it("does not forget the newest over a step back, or over a push that failed", async () => {
    const site = await Site.open();
    expect((await site.push({ version: "3.0.0" })).code).toBe(0);
    expect((await site.push({ version: "1.0.0" })).code).toBe(0);
    const damaged = join(await temporaryDirectory(), "damaged.tar.gz");
    await writeFile(damaged, "no archive");
    await dray(["push", damaged, "127.0.0.1:1", "--receipt", site.receipt, "--allow-unsigned"]);
    const { outcome } = parseReceipt(await readFile(site.receipt), "receipt");
    expect(outcome).toBe("failed");
    expect(await site.newest()).toMatchObject({ version: "3.0.0" });
    expect((await site.push({ version: "2.0.0" }, "--no-rollback")).code).toBe(3);
  });

  it("needs a receipt for --no-rollback", async () => {
    const { code, stderr } = await dray(["push", "b.tar.gz", "r.example", "--no-rollback"]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("Cannot use --no-rollback without --receipt"),
    ]);
  });
});
