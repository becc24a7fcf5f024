import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { text as textOf } from "node:stream/consumers";
import { beforeEach, describe, expect, it } from "vitest";
import { makeBundle, makeChart } from "../../fixtures/bundles.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { needs } from "../programs.ts";
import { read, repositoryOf, startRegistry } from "../remote/registry/lab.ts";

const IMAGE = makeMultiArch("postgres");
const CHART = makeChart("shop", "1.4.0");

/** The bundle, unpacked in `bundle` beside it, and an empty registry. */
let folder: string;
let bundle: string;
let registry: TestRegistry;

beforeEach(async () => {
  folder = await temporaryDirectory();
  const images = { "docker.io/library/postgres:16.4": IMAGE };
  ({ path: bundle } = await makeBundle({ images, charts: [{ tgz: CHART }] }));
  await mkdir(join(folder, "bundle"));
  execFileSync("tar", ["-xzf", bundle, "-C", join(folder, "bundle")]);
  registry = await startRegistry();
});

/** Runs a line in the unpacked bundle, with names for what it leaves open, against plain http. */
async function run(line: string): Promise<{ status: number | null; output: string }> {
  const config = join(folder, ".config", "containers");
  await mkdir(config, { recursive: true });
  const insecure = `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`;
  await writeFile(join(config, "registries.conf"), insecure);
  const names: Readonly<Record<string, string>> = {
    REGISTRY: registry.host,
    PREFIX: "mirror",
    BUNDLE: bundle,
    DIGEST: IMAGE.root.descriptor.digest,
  };
  const plain = line.startsWith("helm")
    ? " --plain-http"
    : line.startsWith("oras")
      ? " --to-plain-http"
      : "";
  const whole =
    line.replaceAll(/\$?\b([A-Z]{6,})\b/g, (word, name: string) => names[name] ?? word) + plain;
  const env = { PATH: process.env["PATH"], HOME: folder };
  // The registry answers in this process.
  const child = spawn("sh", ["-c", `(${whole}) 2>&1`], { cwd: join(folder, "bundle"), env });
  const [output, [status]] = await Promise.all([
    textOf(child.stdout),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { status, output };
}

/** The lines of a text that begin with `start`, each with what goes on behind a backslash. */
function linesWith(document: string, start: string): string[] {
  const lines = document.replaceAll(/\\\n\s*/g, "").split("\n");
  return lines.map((line) => line.trim()).filter((line) => line.startsWith(start));
}

const DOCUMENT = new URL("../../docs/verify-without-dray.md", import.meta.url);

const TEXTS: readonly (readonly [name: string, read: () => Promise<string>])[] = [
  ["README.txt", () => readFile(join(folder, "bundle", "README.txt"), "utf8")],
  ["the document", () => readFile(DOCUMENT, "utf8")],
];

describe.each(TEXTS)("the lines of %s", (_name, contentOf) => {
  it.for(["skopeo copy", "oras cp"])("with `%s` push the image whole", async (start, context) => {
    const [program = ""] = start.split(" ");
    needs(context, program);
    const lines = linesWith(await contentOf(), start);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(await run(line)).toEqual({ status: 0, output: expect.any(String) as string });
      const repository = repositoryOf(registry, { name: "library/postgres" });
      expect((await repository.resolve("16.4")).digest).toBe(IMAGE.root.descriptor.digest);
      registry = await startRegistry();
    }
  });

  it("with `helm push` push the chart as it is", async (context) => {
    needs(context, "helm");
    const lines = linesWith(await contentOf(), "helm push");
    expect(lines).toHaveLength(1);
    expect(await run(lines[0] ?? "")).toMatchObject({ status: 0 });
    const repository = repositoryOf(registry, { name: "mirror/shop" });
    const bytes = await read(repository, await repository.resolve("1.4.0"));
    expect(bytes.toString()).toContain(digestOf(CHART));
  });
});

describe("the line that compares", () => {
  it("prints the digest that index.json has", async (context) => {
    needs(context, "skopeo");
    const page = await readFile(DOCUMENT, "utf8");
    const [copy = ""] = linesWith(page, "skopeo copy");
    const [compare = ""] = linesWith(page, "skopeo inspect");
    await run(copy);
    const { digest } = IMAGE.root.descriptor;
    expect((await run(compare)).output).toContain(digest.replace("sha256:", ""));
  });
});
