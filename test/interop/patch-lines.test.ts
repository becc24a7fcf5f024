import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { packedChart } from "../../fixtures/charts.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { dray } from "../cli/terminal.ts";
import { needs } from "../programs.ts";

const POD =
  "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: '{{ .Values.image }}'}]}\n";

/** The lines that `dray repoint` prints for the account of a pod that has no place for secrets. */
async function printedLines(folder: string): Promise<string> {
  const texts = { "values.yaml": "image: ghcr.io/acme/web:2.0\n", "templates/web.yaml": POD };
  const { path } = await makeBundle({
    images: { "ghcr.io/acme/web:2.0": makeImage([makeLayer("web", 500)]) },
    charts: [{ tgz: packedChart(texts, { name: "shop" }) }],
  });
  const key = join(folder, "release.pub");
  await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
  const flags = ["--key", key, "--no-helm", "-o", folder, "--pull-secret", "pull-here"];
  const { stdout } = await dray(["repoint", path, "registry.internal", ...flags]);
  return /kubectl patch serviceaccount[\s\S]*?\n\n/.exec(stdout)?.[0] ?? "";
}

it("kubectl adds the secret to those of an account, or to an account that has none", async (context) => {
  needs(context, "kubectl");
  const folder = await temporaryDirectory();
  const lines = await printedLines(folder);
  const account = join(folder, "account.yaml");
  // No cluster is needed to see what a patch does.
  const local = lines.replaceAll(
    "kubectl patch serviceaccount default",
    `kubectl patch --local --filename ${account} --output jsonpath='{.imagePullSecrets[*].name}'`,
  );
  const patched = async (more: string): Promise<string> => {
    const text = `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\n${more}`;
    await writeFile(account, text);
    return execFileSync("sh", ["-c", local], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  };
  expect(await patched("")).toBe("pull-here");
  expect(await patched("imagePullSecrets: [{name: one}, {name: two}]\n")).toBe("one two pull-here");
});
