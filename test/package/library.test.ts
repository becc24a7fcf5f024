import { spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { makeBundle, makeChart, SIGNER } from "../../fixtures/bundles.ts";
import { chartYaml, packedChart } from "../../fixtures/charts.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { validate } from "../../src/content/validate.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { Annotation } from "../../src/oci/image-layout.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { compile, installPacked } from "./packed.ts";

const DOCUMENT = fileURLToPath(new URL("../../docs/library.md", import.meta.url));

const IMAGE = makeMultiArch("shop", { size: 3000 });
const ROOT = IMAGE.root.descriptor;

/** Packing, unpacking and compiling take some seconds, and a minute beside many other tests. */
const SETUP_TIMEOUT = 10 * 60_000;

/** A project with the packed package, and the programs of the document, compiled. */
const project = await mkdtemp(join(tmpdir(), "dray-test-"));
afterAll(() => rm(project, { recursive: true, force: true }));

/** A heading of the document, and the program that stands below it before the next. */
const PROGRAM = /^## ([^\n]+)\n(?:(?!## )[^\n]*\n)*?```ts\n([^]*?)^```$/gm;

/** The files of the programs, by their headings. */
const programs = new Map<string, string>();

/** What a strict compiler has against them. */
let complaints: readonly string[];

beforeAll(async () => {
  await installPacked(project);
  await writeFile(join(project, "package.json"), '{"type":"module"}');
  const document = await readFile(DOCUMENT, "utf8");
  for (const [, heading = "", program = ""] of document.matchAll(PROGRAM)) {
    const path = join(project, `program-${programs.size + 1}.ts`);
    await writeFile(path, program);
    programs.set(heading, path);
  }
  complaints = compile([...programs.values()]);
}, SETUP_TIMEOUT);

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the document in a directory; `hosts` are the registries behind its names. */
async function run(
  heading: string,
  directory: string,
  hosts: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const compiled = programs.get(heading)?.replace(/\.ts$/, ".js") ?? heading;
  let program = await readFile(compiled, "utf8");
  for (const [name, host] of Object.entries(hosts)) program = program.replaceAll(name, host);
  const path = compiled.replace(/\.js$/, "-here.js");
  await writeFile(path, program);
  const env = { PATH: "", HOME: directory, DRAY_TRUST_DIR: join(directory, "trust") };
  const child = spawn(process.execPath, [path], { cwd: directory, env });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, stdout, stderr };
}

/** A directory with the bundle of the document, and the key of who has signed it. */
async function withBundle(): Promise<string> {
  const directory = await temporaryDirectory();
  const images = { "registry.example/team/shop:1.4.0": IMAGE };
  const charts = [{ tgz: makeChart("shop", "1.4.0") }];
  const { path } = await makeBundle({ name: "shop", version: "1.4.0", images, charts });
  await copyFile(path, join(directory, "shop-1.4.0.tar.gz"));
  await mkdir(join(directory, "trust"));
  const pem = SIGNER.publicKey.key.export({ type: "spki", format: "pem" });
  await writeFile(join(directory, "trust", "release.pub"), pem);
  return directory;
}

describe("a program of docs/library.md", () => {
  it("compiles strictly, with the packed package and the types of Node.js alone", () => {
    expect(programs.size).toBe(4);
    expect(complaints).toEqual([]);
  });

  it("copies an image from a registry into a layout that is whole", async () => {
    const registry = await startRegistry();
    await fill(registry, IMAGE, "team/shop:1.4.0");
    const directory = await temporaryDirectory();
    const heading = "Copy an image from a registry";
    const outcome = await run(heading, directory, { "registry.example": registry.host });
    const stdout = `shop.layout has ${ROOT.digest}\n`;
    expect(outcome).toEqual({ code: 0, stdout, stderr: "" });
    const layout = await ImageLayout.open(join(directory, "shop.layout"));
    const roots = await layout.roots();
    expect(roots).toEqual([{ ...ROOT, annotations: { [Annotation.refName]: "1.4.0" } }]);
    expect((await validate(layout, roots)).findings).toEqual([]);
  });

  it("lists what a signed bundle holds", async () => {
    const { code, stdout, stderr } = await run("List what a bundle holds", await withBundle());
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines).toContain(`image registry.example/team/shop:1.4.0 ${ROOT.digest}`);
    expect(stdout).toMatch(/^chart charts\/shop:1\.4\.0 sha256:[a-f0-9]{64}$/m);
  });

  it("pushes it into a registry", async () => {
    const mirror = await startRegistry();
    const hosts = { "mirror.example": mirror.host };
    const { code, stdout, stderr } = await run("Push a bundle", await withBundle(), hosts);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`pushed ${mirror.host}/apps/team/shop:1.4.0\n`);
    expect(stdout).toContain(`pushed ${mirror.host}/apps/shop:1.4.0\n`);
    expect(stdout).toMatch(/^[1-9]\d* bytes sent$/m);
    expect(mirror.requests("PUT", /\/manifests\/1\.4\.0$/)).toHaveLength(2);
  });

  it("says why it pushes nothing that nobody trusted has signed", async () => {
    const mirror = await startRegistry();
    const directory = await withBundle();
    await rm(join(directory, "trust"), { recursive: true });
    const hosts = { "mirror.example": mirror.host };
    const { code, stdout, stderr } = await run("Push a bundle", directory, hosts);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^error: There is no key to check the signature with$/m);
    expect(mirror.seen).toEqual([]);
  });

  it("finds the images of a chart", async () => {
    const directory = await temporaryDirectory();
    const deployment = `apiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: {{ .Values.replicas }}
  template: {spec: {containers: [{name: web, image: "registry.example/shop:{{ .Values.tag }}"}]}}\n`;
    const texts = { "templates/web.yaml": deployment, "values.yaml": "tag: dev\nreplicas: 1\n" };
    const chart = packedChart({ ...texts, "Chart.yaml": chartYaml("shop") }, { name: "shop" });
    await writeFile(join(directory, "shop-1.4.0.tgz"), chart);
    await writeFile(join(directory, "production.yaml"), "tag: 1.4.0\n");
    const outcome = await run("Ask a chart for its images", directory);
    const stdout = "registry.example/shop:1.4.0\n";
    expect(outcome).toEqual({ code: 0, stdout, stderr: "" });
  });
});
