import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { dray, type Outcome } from "./terminal.ts";

async function withTarget(text: string, ...flags: string[]): Promise<Outcome & { file: string }> {
  const file = join(await temporaryDirectory(), "target.yaml");
  await writeFile(file, text);
  const { path } = await makeBundle();
  const words = ["push", path, "127.0.0.1:1/mirror", "--target-file", file, ...flags];
  return { ...(await dray([...words, "--retry-for", "0"])), file };
}

describe("a file that target.yaml names and that is not there", () => {
  it.each([
    ["caFiles:\n  - none.pem\n", "line 2, column 3: caFiles, item 1: "],
    ["keys: [none.pub]\n", "line 1, column 1: keys, item 1: "],
    [
      'policy:\n  - images: "*"\n    signedBy:\n      - key: none.pub\n',
      "line 4, column 9: policy, item 1, signedBy, item 1, key: ",
    ],
  ])("is told with its line and column: %j", async (text, place) => {
    const { code, stderr, file } = await withTarget(text);
    expect(code).toBe(2);
    expect(stderr).toContain(`Cannot use ${JSON.stringify(file)}: ${place}cannot read file `);
    expect(stderr).toContain("count from the directory that it lies in");
  });

  it("is nobody's business where the command line says it instead", async () => {
    const { stderr } = await withTarget("caFiles: [none.pem]\n", "--ca-file", "other.pem");
    expect(stderr).toContain('CA file "other.pem"');
    expect(stderr).not.toContain("none.pem");
  });
});

describe("files that bundle.yaml names and that are not there", () => {
  it("are told all at once with line and column, before anybody is asked", async () => {
    const registry = await startRegistry();
    const file = join(await temporaryDirectory(), "bundle.yaml");
    const text = `images:
  - ${registry.host}/team/app:1
charts:
  - chart: ./no-chart
  - chart: oci://${registry.host}/charts/web:1.0.0
    values: [none.yaml]
files:
  - none.txt
tools:
  - path: none.sh
from:
  - none.tar.gz
policy:
  - images: "*"
    signedBy:
      - key: none.pub
`;
    await writeFile(file, text);
    const { code, stderr } = await dray(["pack", file, "--unsigned", "-o", `${file}.tar.gz`]);
    expect(code).toBe(2);
    expect([...stderr.matchAll(/line (\d+), column \d+: /g)].map(([, line]) => line)).toEqual([
      "4",
      "6",
      "8",
      "10",
      "12",
      "16",
    ]);
    expect(registry.seen).toEqual([]);
  });
});

describe("dray preflight --key", () => {
  it.each([
    [true, 0, "ok       "],
    [false, 3, "FAILED   "],
  ])("says whether a bundle is signed as a push wants it: %s", async (isSigned, wanted, said) => {
    const { host } = await startRegistry();
    const { path } = await makeBundle(undefined, { key: isSigned ? SIGNER : "none" });
    const key = join(await temporaryDirectory(), "release.pub");
    await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
    const words = ["preflight", "--from", path, "--target", host, "--key", key];
    const { code, stdout } = await dray(words);
    expect([code, stdout]).toEqual([wanted, expect.stringContaining(`bundle      ${said}`)]);
  });
});
