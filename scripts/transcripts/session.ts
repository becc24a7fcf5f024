import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { makeCertificate } from "../../fixtures/certificates.ts";
import { chartYaml, packedChart } from "../../fixtures/charts.ts";
import { makeMultiArch, pushImage, seededBytes } from "../../fixtures/images.ts";
import { startProxy } from "../../fixtures/proxy.ts";
import { RegistryPool } from "../../src/remote/registry/pool.ts";
import { serve } from "../../src/stories/serve.ts";

/** Where the reader of the documents works. */
const HOME = "/home/ada";

/** The way out of there. */
const PROXY = "proxy.corp:3128";

const IMAGES = [
  { name: "acme/shop-web", tag: "1.4.0", platforms: ["amd64", "arm64"], size: 1_300_000 },
  { name: "library/postgres", tag: "16.4", platforms: ["386", "amd64", "arm64"], size: 2_600_000 },
] as const;

/** Where a mirror of Docker Hub has what it has fetched. */
const MIRRORED = "dockerhub/";

/** Somebody at a shell, for whom the registries of the documents have their names. */
export interface Session {
  /** What a command line prints that begins with `dray`, or asks with which status the last one ended. */
  run(line: string): Promise<string>;
  close(): Promise<void>;
}

/** An empty directory to begin in, and the path of the program. */
export interface Workplace {
  readonly work: string;
  readonly dray: string;
}

/** Somebody who has the files that README.md speaks of. */
export async function startSession(recipe: string, { work, dray }: Workplace): Promise<Session> {
  const { cert, key } = makeCertificate([
    "ghcr.io",
    "registry-1.docker.io",
    "harbor.corp",
    "registry.internal",
  ]);
  const tls = { cert, key };
  const internet = await serve({ writable: true, port: 0, tls });
  const internal = await serve({ writable: true, port: 0, tls });
  const proxy = await startProxy({
    "ghcr.io:443": internet.port,
    "registry-1.docker.io:443": internet.port,
    "harbor.corp:443": internet.port,
    "registry.internal:5000": internal.port,
  });
  await writeFile(join(work, "ca.pem"), cert);
  await fill(`127.0.0.1:${internet.port}`, cert);
  const session: Session = {
    run: (line) => run(line, { dray, work, proxy: proxy.url }),
    close: async () => {
      await Promise.all([proxy.stop(), internet.close(), internal.close()]);
    },
  };
  await write(work, { "bundle.yaml": recipe, "docs/runbook.pdf": seededBytes("runbook", 180_000) });
  await write(work, { "charts/postgres-1.2.0.tgz": chart("postgres", "1.2.0", "postgres:16.4") });
  await write(work, { "made/shop.tgz": chart("shop", "1.4.0", "ghcr.io/acme/shop-web:1.4.0") });
  await session.run(
    "dray pack --chart made/shop.tgz --chart-images none --name c --unsigned -o made/c.tar.gz",
  );
  await session.run("dray push made/c.tar.gz ghcr.io/acme/charts --allow-unsigned");
  return session;
}

function chart(name: string, version: string, image: string): Buffer {
  const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers: [{name: main, image: "${image}"}]\n`;
  const yaml = chartYaml(name).replace("version: 1.0.0", `version: ${version}`);
  return packedChart({ "Chart.yaml": yaml, "templates/pod.yaml": pod }, { name });
}

async function fill(registry: string, ca: string): Promise<void> {
  const pool = new RegistryPool({ ca: [ca], insecureSkipTlsVerify: true }, { side: "target" });
  for (const { name, tag, platforms, size } of IMAGES) {
    const image = makeMultiArch(name, { platforms: [...platforms], size });
    for (const repository of [name, `${MIRRORED}${name}`]) {
      await pushImage(pool.repository({ registry, repository }, "pull,push"), image, tag);
    }
  }
  await pool.close();
}

async function write(work: string, files: Record<string, string | Buffer>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(work, name)), { recursive: true });
    await writeFile(join(work, name), content);
  }
}

async function run(
  line: string,
  { dray, work, proxy }: { dray: string; work: string; proxy: string },
): Promise<string> {
  const [program, ...args] = line.split(/\s+/);
  if (program !== "dray") throw new Error(`only dray is run, not ${line}`);
  const env = {
    PATH: process.env["PATH"],
    HOME: work,
    HTTPS_PROXY: proxy,
    SSL_CERT_FILE: join(work, "ca.pem"),
    DRAY_KEY_PASSPHRASE: "correct horse battery staple",
  };
  const child = execFile(process.execPath, [dray, ...args], { cwd: work, env });
  if (child.stdout === null || child.stderr === null) throw new Error("a child without an output");
  const [printed, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  // What is refused prints a report as well; what prints none was not to be shown.
  if (printed === "") throw new Error(`nothing is printed by ${line}: ${errors}`);
  return printed.replaceAll(work, HOME).replaceAll(new URL(proxy).host, PROXY);
}
