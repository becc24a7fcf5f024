import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { makeImage, makeLayer, pushImage } from "../fixtures/images.ts";
import { formatBytes, formatTable } from "../src/cli/table.ts";
import { RegistryPool } from "../src/remote/registry/pool.ts";
import { benchCarriers } from "./bench/carriers.ts";
import { measure, summary, type Cost } from "./bench/measure.ts";
import { isInstalled, startRegistry } from "./bench/registry.ts";
import { benchTls } from "./bench/tls.ts";

const USAGE = `npm run bench -- [--size 1GiB] [--images 4] [--runs 3] [--many 200,2000] [--dir DIR] [--carriers | --tls]

Packs, verifies and pushes random images through real registries and puts each figure beside that of
a peer in the same run. --many 0 leaves out the rows with many small images. --carriers measures
bundles that were packed anew, bombs and many entries instead; --tls the connections that many small
images over TLS take.`;

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "1GiB" },
    images: { type: "string", default: "4" },
    runs: { type: "string", default: "3" },
    many: { type: "string", default: "200,2000" },
    dir: { type: "string", default: tmpdir() },
    carriers: { type: "boolean", default: false },
    tls: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const LAYERS_PER_IMAGE = 5;
const DRAY = resolve(import.meta.dirname, "../cli/dray.js");
const hasSkopeo = isInstalled("skopeo");
const runs = Number(values.runs);
const size = parseSize(values.size);
const rows: string[][] = [["what", "dray", "peer", "ratio", "limit", "peak RSS", "written"]];
const work = await mkdtemp(join(values.dir, "dray-bench-"));

try {
  console.log(
    `${values.images} images, ${formatBytes(size)} of random layers, ${runs} runs; ` +
      `${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node.js ${process.version}\n` +
      `registry: ${isInstalled("docker-registry") ? "docker-registry" : "dray serve"}, ` +
      `peer: ${hasSkopeo ? "skopeo" : "none installed"}\n`,
  );
  if (values.carriers) await benchPackedAnew();
  else if (values.tls) await benchConnections(200);
  else await benchAll();
  console.log(formatTable(rows));
} finally {
  await rm(work, { recursive: true, force: true });
}

async function benchAll(): Promise<void> {
  await benchVersion();
  await benchJourney();
  const counts = values.many
    .split(",")
    .map(Number)
    .filter((count) => count > 0);
  if (counts.length === 2) await benchMany(counts[0] ?? 0, counts[1] ?? 0);
  if (counts[0] !== undefined) await benchConnections(counts[0]);
}

/** The handshakes of one command: each costs its time, and the registry's too. */
async function benchConnections(count: number): Promise<void> {
  for (const one of await benchTls(count, { dray: DRAY, directory: work })) {
    const { what, cost, connections, requests } = one;
    addRow(`${what}: ${requests} requests, ${connections} connections`, cost);
  }
}

/** What a bundle costs that somebody has packed anew. */
async function benchPackedAnew(): Promise<void> {
  const source = await startRegistry(join(work, "source"), DRAY);
  const images = await fill(source.host, { count: Number(values.images), bytes: size });
  const bundle = join(work, "bench.tar.gz");
  await dray([
    "pack",
    ...images.flatMap((image) => ["--image", image]),
    "--unsigned",
    "--store",
    join(work, "store"),
    "-o",
    bundle,
  ]);
  await source.stop();
  for (const row of await benchCarriers(bundle, { dray: DRAY, directory: work, runs })) {
    addRow(row.what, row.own, row.compared);
  }
}

async function benchVersion(): Promise<void> {
  const costs: Cost[] = [];
  for (let run = 0; run < 5; run++) costs.push(await measure(["node", DRAY, "--version"]));
  const { seconds } = summary(costs);
  rows.push(["dray --version", `${(seconds * 1000).toFixed(0)} ms`, "", "", "150 ms", "", ""]);
}

/** pack → verify → push → push again, each beside its peer. */
async function benchJourney(): Promise<void> {
  const source = await startRegistry(join(work, "source"), DRAY);
  const images = await fill(source.host, { count: Number(values.images), bytes: size });
  const bundle = join(work, "bench.tar.gz");
  const costs = new Map<string, Cost[]>();
  const note = (name: string, cost: Cost): void => {
    costs.set(name, [...(costs.get(name) ?? []), cost]);
  };
  for (let run = 0; run < runs; run++) {
    const store = join(work, "store");
    note(
      "pack",
      await dray([
        "pack",
        ...images.flatMap((image) => ["--image", image]),
        "--unsigned",
        "--force",
        "--store",
        store,
        "-o",
        bundle,
      ]),
    );
    await rm(store, { recursive: true, force: true });
    if (hasSkopeo) note("pack peer", await skopeoPull(images));
    note("verify", await dray(["verify", bundle, "--allow-unsigned"]));
    note("verify peer", await measure(["openssl", "dgst", "-sha256", bundle]));
    const target = await startRegistry(join(work, "target"), DRAY);
    note("push", await dray(["push", bundle, `${target.host}/dray`, "--allow-unsigned"]));
    note("push again", await dray(["push", bundle, `${target.host}/dray`, "--allow-unsigned"]));
    await target.stop();
    if (hasSkopeo) {
      const other = await startRegistry(join(work, "target"), DRAY);
      note("push peer", await skopeoPush(images, other.host));
      await other.stop();
    }
  }
  await source.stop();
  const of = (name: string): Cost | undefined => {
    const list = costs.get(name);
    return list === undefined ? undefined : summary(list);
  };
  addRow("pack, empty store", of("pack"), { peer: of("pack peer"), limit: 1 });
  addRow("verify", of("verify"), { peer: of("verify peer"), limit: 1.3 });
  addRow("push", of("push"), { peer: of("push peer"), limit: 0.8 });
  addRow("push again (peer: first push)", of("push again"), { peer: of("push"), limit: 0.1 });
  await rm(bundle);
  for (const name of await readdir(work)) await rm(join(work, name), { recursive: true });
}

/** What one more small image costs when there are many. */
async function benchMany(few: number, many: number): Promise<void> {
  const perImage: { pack: number; push: number }[] = [];
  for (const count of [few, many]) {
    const source = await startRegistry(join(work, "source"), DRAY);
    const images = await fill(source.host, { count, bytes: count * LAYERS_PER_IMAGE * 512 });
    const list = join(work, "images.txt");
    await writeFile(list, images.join("\n"));
    const bundle = join(work, "many.tar.gz");
    const pack = await dray([
      "pack",
      "--image-list",
      list,
      "--unsigned",
      "--force",
      "--store",
      join(work, "store"),
      "-o",
      bundle,
    ]);
    const target = await startRegistry(join(work, "target"), DRAY);
    const push = await dray(["push", bundle, target.host, "--allow-unsigned"]);
    await Promise.all([source.stop(), target.stop()]);
    await rm(join(work, "store"), { recursive: true });
    perImage.push({ pack: pack.seconds / count, push: push.seconds / count });
    addRow(`pack of ${count} small images`, pack);
    addRow(`push of ${count} small images`, push);
  }
  const [a, b] = perImage;
  if (a === undefined || b === undefined) return;
  for (const verb of ["pack", "push"] as const) {
    rows.push([
      `${verb}, each of ${many} (peer: of ${few})`,
      `${(b[verb] * 1000).toFixed(1)} ms`,
      `${(a[verb] * 1000).toFixed(1)} ms`,
      (b[verb] / a[verb]).toFixed(2),
      "≤ 1.5",
      "",
      "",
    ]);
  }
}

/** Pushes random images and gives their references. */
async function fill(
  host: string,
  { count, bytes }: { count: number; bytes: number },
): Promise<string[]> {
  const pool = new RegistryPool({ concurrency: 4 }, { side: "target" });
  const layerSize = Math.ceil(bytes / count / LAYERS_PER_IMAGE);
  const references: string[] = [];
  for (let image = 0; image < count; image++) {
    const repository = pool.repository(
      { registry: host, repository: `bench/image${image}` },
      "pull,push",
    );
    const layers = Array.from(
      { length: LAYERS_PER_IMAGE - (count > 100 ? 2 : 0) },
      (_item, layer) => makeLayer(`${image}-${layer}`, layerSize),
    );
    await pushImage(repository, makeImage(layers), "1.0");
    references.push(`${host}/bench/image${image}:1.0`);
  }
  await pool.close();
  return references;
}

function dray(args: readonly string[]): Promise<Cost> {
  return measure(["node", DRAY, ...args]);
}

/** skopeo has one archive for each image: the sum of all is what compares. */
async function skopeoPull(images: readonly string[]): Promise<Cost> {
  return sumOf(
    images,
    (image, index) => [
      "skopeo",
      "copy",
      "-q",
      "--src-tls-verify=false",
      `docker://${image}`,
      `oci-archive:${archiveOf(index)}`,
    ],
    true,
  );
}

async function skopeoPush(images: readonly string[], host: string): Promise<Cost> {
  return sumOf(
    images,
    (_image, index) => [
      "skopeo",
      "copy",
      "-q",
      "--dest-tls-verify=false",
      `oci-archive:${archiveOf(index)}`,
      `docker://${host}/skopeo/image${index}:1.0`,
    ],
    false,
  );
}

async function sumOf(
  images: readonly string[],
  command: (image: string, index: number) => string[],
  fresh: boolean,
): Promise<Cost> {
  let total: Cost = { seconds: 0, peakRss: 0, written: 0 };
  for (const [index, image] of images.entries()) {
    if (fresh) await rm(archiveOf(index), { force: true });
    const cost = await measure(command(image, index));
    total = {
      seconds: total.seconds + cost.seconds,
      peakRss: Math.max(total.peakRss, cost.peakRss),
      written: total.written + cost.written,
    };
  }
  return total;
}

function archiveOf(index: number): string {
  return join(work, `skopeo-${index}.tar`);
}

/** A row with its peer beside it, or alone where there is nothing to compare with. */
function addRow(
  what: string,
  own: Cost | undefined,
  compared?: { peer: Cost | undefined; limit: number },
): void {
  if (own === undefined) return;
  const peer = compared?.peer;
  rows.push([
    what,
    `${own.seconds.toFixed(2)} s`,
    peer === undefined
      ? compared === undefined
        ? ""
        : "not installed"
      : `${peer.seconds.toFixed(2)} s`,
    peer === undefined ? "" : (own.seconds / peer.seconds).toFixed(2),
    compared === undefined ? "" : `≤ ${compared.limit}`,
    formatBytes(own.peakRss),
    formatBytes(own.written),
  ]);
}

function parseSize(text: string): number {
  const [, number = "", unit = ""] = /^([\d.]+)\s*([KMG]?)i?B?$/i.exec(text) ?? [];
  const value = Number(number) * 1024 ** ["", "K", "M", "G"].indexOf(unit.toUpperCase());
  if (!Number.isFinite(value) || value <= 0) throw new Error(`cannot read size ${text}`);
  return value;
}
