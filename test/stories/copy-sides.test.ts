import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "../../fixtures/certificates.ts";
import { AWS_KEYS, TestEcr } from "../../fixtures/ecr.ts";
import { startProxy } from "../../fixtures/proxy.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { dray, type Outcome } from "../cli/terminal.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { startDray, type DrayOutcome } from "./dray-process.ts";

const image = oneLayerImage("two sides");

interface Copying {
  /** Of the registries, as they are called. */
  readonly from: string;
  readonly to: string;
  /** What stands in the target file. */
  readonly file?: string;
  /** CAs by file name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

/** What copies one image, with files in a directory of its own. */
async function lineOf({ from, to, file = "", files = {}, flags = [] }: Copying): Promise<string[]> {
  const directory = await temporaryDirectory();
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const target = join(directory, "target.yaml");
  await writeFile(target, `target: ${to}\n${file.replaceAll("DIR", directory)}`);
  const argv = ["copy", "--image", `${from}/team/app:1.0`, to, "--target-file", target];
  const more = flags.map((flag) => flag.replace("DIR", directory));
  const store = join(directory, "store");
  const quick = ["--retry-for", "0", "--store", store];
  return [...argv, ...quick, ...more];
}

async function copy(copying: Copying, env: Record<string, string> = {}): Promise<Outcome> {
  return dray(await lineOf(copying), { env });
}

async function startSource(tls?: { key: string; cert: string }): Promise<TestRegistry> {
  const source = await startRegistry(tls === undefined ? {} : { tls });
  await fill(source, image);
  return source;
}

describe("a copy between registries with CAs of their own", () => {
  it("trusts each on its own side, and on no other", async () => {
    const [one, other] = [makeCertificate(["127.0.0.1"]), makeCertificate(["127.0.0.1"])];
    const [source, target] = [await startSource(one), await startRegistry({ tls: other })];
    const files = { "source.pem": one.cert, "target.pem": other.cert };
    const sides = (from: string, to: string): Copying => ({
      from: source.host,
      to: `${target.host}/mirror`,
      file: `caFiles: [DIR/${to}]\nsource:\n  caFiles: [DIR/${from}]\n`,
      files,
    });
    const swapped = await copy(sides("target.pem", "source.pem"));
    expect(swapped.code).toBe(1);
    expect(swapped.stderr).toContain("source registry");
    const half = await copy(sides("source.pem", "source.pem"));
    expect(half.code).toBe(1);
    expect(half.stderr).toContain("target registry");
    expect(target.seen).toEqual([]);
    const right = await copy(sides("source.pem", "target.pem"));
    expect([right.code, right.stdout]).toEqual([0, expect.stringContaining("pushed  image")]);
  });

  it("speaks plain http on the side that was allowed it, and on no other", async () => {
    const tls = makeCertificate(["target.test"]);
    const [source, target] = [await startSource(), await startRegistry({ tls })];
    const routes = { "source.test:5000": source.port, "target.test:443": target.port };
    const proxy = await startProxy(routes);
    onTestFinished(() => proxy.stop());
    const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
    const sides = { from: "source.test:5000", to: "target.test/mirror" };
    const files = { "ca.pem": tls.cert };
    const file = "caFiles: [DIR/ca.pem]\n";
    const wrong = await copy({ ...sides, file, files, flags: ["--plain-http"] }, env);
    expect(wrong.code).toBe(1);
    expect(source.seen).toEqual([]);
    const right = await copy({ ...sides, file: `${file}source:\n  plainHttp: true\n`, files }, env);
    expect([right.code, right.stdout]).toEqual([0, expect.stringContaining("pushed  image")]);
  });
});

describe("a copy to ECR", () => {
  it("logs in with AWS credentials and makes what is missing", async () => {
    const ecr = await TestEcr.start({ directory: join(await temporaryDirectory(), "layout") });
    onTestFinished(() => ecr.stop());
    const source = await startSource();
    const copying: Copying = {
      from: source.host,
      to: `${ecr.host}/mirror`,
      file: "caFiles: [DIR/ca.pem]\nimmutable: true\n",
      files: { "ca.pem": ecr.ca },
    };
    // The AWS SDK reads the environment of its process.
    const run = async (flags: readonly string[] = []): Promise<DrayOutcome> =>
      startDray(await lineOf({ ...copying, flags }), {
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_ACCESS_KEY_ID: AWS_KEYS.id,
        AWS_SECRET_ACCESS_KEY: AWS_KEYS.secret,
        HTTPS_PROXY: ecr.proxy.url,
      }).ended;
    const dry = await run(["--dry-run"]);
    expect([dry.code, dry.stdout]).toEqual([
      0,
      expect.stringContaining("makes these repositories"),
    ]);
    expect(ecr.repositories.size).toBe(0);
    ecr.expireAfter(6);
    const done = await run();
    expect([done.code, done.stdout]).toEqual([0, expect.stringContaining("pushed  image")]);
    expect([...ecr.repositories]).toEqual([["mirror/team/app", "IMMUTABLE"]]);
    const again = await run();
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("present  image")]);
  });
});
