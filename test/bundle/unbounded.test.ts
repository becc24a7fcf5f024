import { describe, expect, it } from "vitest";
import { bundleFile, SIGNER } from "../../fixtures/bundles.ts";
import { SIGNATURE_FILE, SIGSTORE_FILE, SUMS_FILE } from "../../src/bundle/format.ts";
import { signDetached } from "../../src/trust/detached.ts";
import { parseSums } from "../../src/bundle/sums.ts";
import { check, sampleEntries } from "./checking.ts";

describe("a list of nothing but line feeds", () => {
  it("is refused at its first line, however many there are", () => {
    const bytes = Buffer.alloc(140_000_000, "\n");
    expect(() => parseSums(bytes)).toThrow('line 1 is not "SUM  PATH"');
  });
});

describe("a signed list of 125,000 files that are not there", () => {
  it("is refused with a finding for each", async () => {
    const entries = await sampleEntries();
    const lines = Array.from({ length: 125_000 }, (_, index) => {
      const digest = index.toString(16).padStart(64, "0");
      return `${digest}  ${index % 2 === 0 ? `blobs/sha256/${digest}` : `files/${index}`}\n`;
    });
    const known = entries.get(SUMS_FILE)?.toString() ?? "";
    const all = [...known.split("\n").filter((line) => line !== ""), ...lines.map((l) => l.trim())];
    const byPath = all.toSorted((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
    const sums = Buffer.from(`${byPath.join("\n")}\n`);
    const { bundle, signature } = signDetached(SIGNER, sums);
    entries.set(SUMS_FILE, sums).set(SIGSTORE_FILE, bundle).set(SIGNATURE_FILE, signature);
    const { good, findings } = await check(await bundleFile(entries));
    expect(good).toBe(false);
    expect(findings.filter(({ severity }) => severity === "error")).toHaveLength(125_000);
  });
});
