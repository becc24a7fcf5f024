import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeCertificate } from "../../fixtures/certificates.ts";
import { makeImage, makeLayer, pushImage } from "../../fixtures/images.ts";
import { TestRegistry } from "../../fixtures/registry.ts";
import { RegistryPool } from "../../src/remote/registry/pool.ts";
import { measure, type Cost } from "./measure.ts";

const LAYERS_PER_IMAGE = 3;

export interface TlsCost {
  readonly what: string;
  readonly cost: Cost;
  readonly connections: number;
  readonly requests: number;
}

/** Many small images over TLS, from a registry and to it: what the connections cost. */
export async function benchTls(
  count: number,
  { dray, directory }: { dray: string; directory: string },
): Promise<TlsCost[]> {
  const tls = makeCertificate(["127.0.0.1"]);
  const ca = join(directory, "ca.pem");
  const list = join(directory, "images.txt");
  const bundle = join(directory, "tls.tar.gz");
  await writeFile(ca, tls.cert);
  const source = await TestRegistry.start({ directory: join(directory, "tls-source"), tls });
  const target = await TestRegistry.start({ directory: join(directory, "tls-target"), tls });
  const run = async (what: string, registry: TestRegistry, args: string[]): Promise<TlsCost> => {
    const before = registry.connections;
    registry.forget();
    const cost = await measure(["node", dray, ...args, "--ca-file", ca]);
    const connections = registry.connections - before;
    return { what, cost, connections, requests: registry.seen.length };
  };
  try {
    await writeFile(list, (await fill(source.host, count, tls.cert)).join("\n"));
    const images = ["--image-list", list];
    const push = ["push", bundle, target.host, "--allow-unsigned"];
    const small = `${count} small images over TLS`;
    return [
      await run(`pack of ${small}`, source, ["pack", ...images, "--unsigned", "-o", bundle]),
      await run(`push of ${small}`, target, push),
      await run(`push of ${small}, again`, target, push),
    ];
  } finally {
    await Promise.all([source.stop(), target.stop()]);
    for (const path of [bundle, ca, list]) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function fill(host: string, count: number, ca: string): Promise<string[]> {
  const pool = new RegistryPool({ ca: [ca] }, { side: "target" });
  const references: string[] = [];
  for (let image = 0; image < count; image++) {
    const target = { registry: host, repository: `bench/image${image}` };
    const layers = Array.from({ length: LAYERS_PER_IMAGE }, (_item, layer) =>
      makeLayer(`tls-${image}-${layer}`, 1024),
    );
    await pushImage(pool.repository(target, "pull,push"), makeImage(layers), "1.0");
    references.push(`${host}/${target.repository}:1.0`);
  }
  await pool.close();
  return references;
}
