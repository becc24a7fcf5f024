import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeCertificate } from "../../fixtures/certificates.ts";
import { makeImage, makeLayer, pushImage } from "../../fixtures/images.ts";
import { TestRegistry } from "../../fixtures/registry.ts";
import { RegistryPool } from "../../src/remote/registry/pool.ts";
import { measure, measureAll, type Cost } from "./measure.ts";
import type { Peer } from "./peers.ts";

const LAYERS_PER_IMAGE = 3;

export interface TlsCost {
  readonly journey: string;
  readonly program: string;
  readonly cost: Cost;
  readonly connections: number;
  readonly requests: number;
}

/** Those that take a certificate that nobody knows, by the flags with which they speak plain http. */
const TLS_PEERS: ReadonlySet<string> = new Set(["crane", "skopeo"]);

interface TlsOptions {
  readonly dray: string;
  readonly peers: readonly Peer[];
  /** All of it is removed at the end. */
  readonly directory: string;
}

/** Many small images over TLS, from a registry and to it: what the connections cost. */
export async function benchTls(
  count: number,
  { dray, peers, directory }: TlsOptions,
): Promise<TlsCost[]> {
  await mkdir(directory);
  const tls = makeCertificate(["127.0.0.1"]);
  const ca = join(directory, "ca.pem");
  const list = join(directory, "images.txt");
  const bundle = join(directory, "tls.tar.gz");
  await writeFile(ca, tls.cert);
  const source = await TestRegistry.start({ directory: join(directory, "source"), tls });
  const target = await TestRegistry.start({ directory: join(directory, "target"), tls });
  const costs: TlsCost[] = [];
  const note = async (
    journey: string,
    program: string,
    { registry, run }: { registry: TestRegistry; run: () => Promise<Cost> },
  ): Promise<void> => {
    const before = registry.connections;
    registry.forget();
    const cost = await run();
    const connections = registry.connections - before;
    costs.push({ journey, program, cost, connections, requests: registry.seen.length });
  };
  const own = (args: readonly string[]) => (): Promise<Cost> =>
    measure(["node", dray, ...args, "--ca-file", ca]);
  try {
    const images = await fill(source.host, count, tls.cert);
    await writeFile(list, images.join("\n"));
    const push = own(["push", bundle, target.host, "--allow-unsigned"]);
    const pack = own(["pack", "--image-list", list, "--unsigned", "-o", bundle]);
    const over = `${count} small images over TLS`;
    await note(`pack, ${over}`, "dray", { registry: source, run: pack });
    await note(`push, ${over}`, "dray", { registry: target, run: push });
    await note(`push again, ${over}`, "dray", { registry: target, run: push });
    for (const peer of peers.filter(({ name }) => TLS_PEERS.has(name))) {
      const { name, env, prepare } = peer;
      const work = { images, directory: join(directory, name) };
      await mkdir(work.directory);
      const packing = (): Promise<Cost> => measureAll(peer.pack(work), { env });
      await note(`pack, ${over}`, name, { registry: source, run: packing });
      await measureAll(prepare?.(work) ?? [], { env });
      const pushing = (): Promise<Cost> => measureAll(peer.push(work, target.host), { env });
      await note(`push, ${over}`, name, { registry: target, run: pushing });
    }
    return costs;
  } finally {
    await Promise.all([source.stop(), target.stop()]);
    await rm(directory, { recursive: true, force: true });
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
