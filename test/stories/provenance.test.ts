import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileOf, gzipped, makeTar } from "../../fixtures/archives.ts";
import { makeChart } from "../../fixtures/bundles.ts";
import { layoutMembers, named } from "../../fixtures/foreign.ts";
import { makeSigner, provenanceText } from "../../fixtures/gpg.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { ProvenanceOptions } from "../../src/chart/provenance/check-provenance.ts";
import type { Finding } from "../../src/finding.ts";
import { parseChart } from "../../src/intake/recipe/chart-request.ts";
import { signer } from "../gpg.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages } from "./lab.ts";

const TGZ = makeChart("web", "1.0.0");

/** Packs the chart with this provenance beside it, and says what is found. */
async function judge(
  signed: Buffer | undefined,
  provenance: ProvenanceOptions,
): Promise<readonly Finding[]> {
  const path = join(await temporaryDirectory(), "web.tgz");
  await writeFile(path, TGZ);
  if (signed !== undefined) await writeFile(`${path}.prov`, signed);
  const recipe = { charts: [parseChart(path)] };
  const at = await desk(await startRegistry());
  const { plan } = await packImages(at, [], { recipe, provenance, dryRun: true });
  return plan.findings;
}

/** It begins as a public key does; nobody is asked for more. */
async function anyKeyring(): Promise<string> {
  const path = join(await temporaryDirectory(), "any.gpg");
  await writeFile(path, Buffer.of(0x98, 0));
  return path;
}

describe("the provenance of a chart", () => {
  it("is good if somebody in the keyring has signed this very chart", async (context) => {
    const { sign, keyring, armored, gpgv } = await signer(context);
    for (const ring of [keyring, armored]) {
      const options = { keyring: ring, gpgv, required: true };
      expect(await judge(sign(provenanceText(TGZ)), options)).toMatchObject([
        {
          code: "PROVENANCE_GOOD",
          severity: "info",
          message: expect.stringMatching(
            /^charts\/web:1\.0\.0 is signed by Ada <ada@example\.org> \([0-9A-F]{40}\)$/,
          ) as string,
        },
      ]);
    }
  });

  it("is wrong for another chart, other content, another text or another key", async (context) => {
    const { sign, keyring, gpgv } = await signer(context);
    const stranger = await makeSigner("Eve <eve@example.org>");
    const good = sign(provenanceText(TGZ)).toString();
    const cases: [string, string][] = [
      [sign(provenanceText(TGZ, { version: "2.0.0" })).toString(), "it is for web 2.0.0"],
      [sign(provenanceText(Buffer.from("x"))).toString(), "it is for content with"],
      [good.replace("version: 1.0.0", "version: 1.0.00"), "the text was changed"],
      [stranger.sign(provenanceText(TGZ)).toString(), "not in the keyring"],
      ["-----BEGIN PGP SIGNED MESSAGE-----\n", "it holds no good signature"],
      [provenanceText(TGZ), "it holds no good signature"],
      [good + stranger.sign(provenanceText(TGZ)).toString(), ""],
    ];
    for (const [text, reason] of cases) {
      const [finding] = await judge(Buffer.from(text), { keyring, gpgv });
      expect(finding).toMatchObject({ code: "PROVENANCE_WRONG", severity: "warning" });
      expect(finding?.message).toContain(reason);
      const packing = judge(Buffer.from(text), { keyring, gpgv, required: true });
      await expect(packing).rejects.toMatchObject({
        code: "DRAY_CHART_UNTRUSTED",
        kind: "refused",
      });
    }
  });

  it("counts only with what was signed, not with what stands around it", async (context) => {
    const { sign, keyring, gpgv } = await signer(context);
    const other = sign(provenanceText(Buffer.from("other"))).toString();
    const text = `${provenanceText(TGZ)}\n${other}`;
    const [finding] = await judge(Buffer.from(text), { keyring, gpgv });
    expect(finding).toMatchObject({ code: "PROVENANCE_WRONG" });
  });

  it("that is missing is named where a keyring was given, and refused where it must be", async () => {
    const keyring = await anyKeyring();
    expect(await judge(undefined, {})).toEqual([]);
    expect(await judge(undefined, { keyring })).toMatchObject([{ code: "PROVENANCE_MISSING" }]);
    await expect(judge(undefined, { required: true })).rejects.toMatchObject({
      message: "Cannot pack charts: charts/web:1.0.0 has no provenance",
    });
  });

  it("that could not be checked is never taken for good", async () => {
    const text = Buffer.from(provenanceText(TGZ));
    const unchecked = { code: "PROVENANCE_UNCHECKED" };
    expect(await judge(text, {})).toMatchObject([{ ...unchecked, severity: "info" }]);
    const keyring = await anyKeyring();
    const [finding] = await judge(text, { keyring });
    expect(finding).toMatchObject({ ...unchecked, severity: "warning" });
    expect(finding?.message).toContain("was not checked: there is no gpgv");
    for (const options of [{ required: true }, { required: true, keyring }]) {
      await expect(judge(text, options)).rejects.toMatchObject({ code: "DRAY_CHART_UNTRUSTED" });
    }
  });

  it("is asked for of charts that others have packed, too", async () => {
    const members = [
      ...layoutMembers([named(makeMultiArch("app"), "registry.example/app:1.0")], "layout/"),
      { name: "web-1.0.0.tgz", content: TGZ },
      { name: "web-1.0.0.tgz.prov", content: "unsigned" },
    ];
    const recipe = { from: [await fileOf(gzipped(makeTar(members)), "vendor.tgz")] };
    const at = await desk(await startRegistry());
    const { plan } = await packImages(at, [], { recipe, dryRun: true });
    expect(plan.findings).toMatchObject([{ entry: "charts/web:1.0.0" }]);
    const packing = packImages(at, [], { recipe, provenance: { required: true }, dryRun: true });
    await expect(packing).rejects.toMatchObject({ code: "DRAY_CHART_UNTRUSTED" });
  });

  it.each([
    ["is not there", undefined, "no such file"],
    ["holds no key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\nrubbish\n", "expected public keys"],
    ["is empty", "", "found an empty file"],
    ["is a text", "ada's keys", "found something else"],
    ["is a private key", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "found a private one"],
    ["is a key of another kind", "-----BEGIN PUBLIC KEY-----\n", "found something else"],
  ])(
    "is not checked with a keyring that %s, be there provenance or none",
    async (_what, content, reason) => {
      const keyring = join(await temporaryDirectory(), "keys");
      if (content !== undefined) await writeFile(keyring, content);
      for (const provenance of [Buffer.from("x"), undefined]) {
        const judging = judge(provenance, { keyring, gpgv: "/nonexistent/gpgv" });
        await expect(judging).rejects.toMatchObject({
          code: "DRAY_KEYRING_INVALID",
          kind: "usage",
          message: expect.stringContaining(reason) as string,
        });
      }
    },
  );

  it("is checked with keys as gpg keeps them, in letters, and in its own box", async (context) => {
    const { keyring, armored } = await signer(context);
    const box = join(await temporaryDirectory(), "pubring.kbx");
    await writeFile(box, Buffer.concat([Buffer.alloc(8), Buffer.from("KBXf")]));
    for (const path of [keyring, armored, box]) {
      expect(await judge(undefined, { keyring: path })).toMatchObject([
        { code: "PROVENANCE_MISSING" },
      ]);
    }
  });
});
