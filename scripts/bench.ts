import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { formatBytes, formatTable } from "../src/cli/table.ts";
import { benchCarriers } from "./bench/carriers.ts";
import { COLUMNS, type Comparison, type Load } from "./bench/comparison.ts";
import { TLS_COLUMNS, tlsRows, writeFigures } from "./bench/figures.ts";
import { fill } from "./bench/fill.ts";
import { benchJourney } from "./bench/journey.ts";
import { measure, spreadOf, type Cost } from "./bench/measure.ts";
import { installedPeers, type Peer } from "./bench/peers.ts";
import { startRegistry } from "./bench/registry.ts";
import { addResults } from "./bench/results.ts";
import { benchTls, type TlsCost } from "./bench/tls.ts";

const USAGE = `npm run bench -- [--size 1GiB,4GiB] [--images 4] [--many 200,2000] [--tls 200] [--runs 3]
                 [--peers crane,regctl,hauler,skopeo,oras] [--dir DIR] [--results FILE]
                 [--full] [--write] [--carriers]

Packs, verifies and pushes random images through real registries, in turn with each peer that is on
PATH. --size 0, --many 0 or --tls 0 leaves those rows out. --full is 1, 4 and 16 GiB and 20, 200 and
2,000 images: 45 GB of disk and an hour. Above 2 GiB and 1,000 images everything runs once; above
8 GiB dray runs alone, above 1,000 images beside two peers. --write puts figures and a plot into
docs/performance.md; --results adds what was measured to a file, and all that is in it is written, so that
each row can have a quiet machine for itself. --carriers measures bundles that were packed anew, bombs and many entries
instead. Needs GNU time.`;

const { values } = parseArgs({
  options: {
    size: { type: "string" },
    images: { type: "string", default: "4" },
    runs: { type: "string", default: "3" },
    many: { type: "string" },
    tls: { type: "string", default: "200" },
    peers: { type: "string", default: "crane,regctl,hauler,skopeo,oras" },
    dir: { type: "string", default: tmpdir() },
    results: { type: "string" },
    full: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    carriers: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

/** Bytes of each layer of a small image. */
const SMALL_LAYER = 2560;
/** From here on everything runs once. */
const LARGE_BYTES = 2 * 1024 ** 3;
const MANY_IMAGES = 1000;
const PEERS_OF_MANY = 2;
/** Each peer would need as much disk again, some of them twice. */
const ALONE_BYTES = 8 * 1024 ** 3;
const DRAY = resolve(import.meta.dirname, "../cli/dray.js");
const runs = Number(values.runs);
const work = await mkdtemp(join(values.dir, "dray-bench-"));

try {
  if (values.carriers) await benchPackedAnew();
  else await benchAll(await peersHere());
} finally {
  await rm(work, { recursive: true, force: true });
}

async function peersHere(): Promise<Peer[]> {
  const config = join(work, "regctl.json");
  // regctl speaks to this machine without TLS only if it is told so.
  const env = { REGCTL_CONFIG: config };
  await writeFile(config, JSON.stringify({ hostDefault: { tls: "disabled" } }));
  return installedPeers(values.peers.split(","), env);
}

async function benchAll(peers: readonly Peer[]): Promise<void> {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node.js ${process.version}`;
  const versions = peers.map(({ name, version }) => `${name} ${version}`).join(", ");
  const head = `${new Date().toISOString().slice(0, 10)}; ${machine}; ${versions}.`;
  console.log(`${head}\n`);
  const comparisons: Comparison[] = [];
  for (const load of loads()) {
    const found = await benchJourney({
      dray: DRAY,
      directory: join(work, "journey"),
      load,
      runs: load.bytes > LARGE_BYTES || load.count > MANY_IMAGES ? 1 : runs,
      peers: peersFor(load, peers),
    });
    comparisons.push(...found);
    console.log(`${formatTable([[...COLUMNS], ...found.flatMap((one) => one.rows())])}\n`);
  }
  const tls = await benchConnections(peers);
  const version = await versionRow();
  console.log(version);
  const found = { comparisons, tls };
  const all = values.results === undefined ? found : await addResults(values.results, found);
  if (values.write) await writeFigures({ ...all, head, version });
}

/** Small images before large ones: nothing is left on the disk that would slow them. */
function* loads(): Generator<Load> {
  for (const text of listed(values.many ?? (values.full ? "20,200,2000" : "200,2000"))) {
    const count = Number(text);
    yield { count, bytes: count * 3 * SMALL_LAYER, what: `${count} small images` };
  }
  for (const text of listed(values.size ?? (values.full ? "1GiB,4GiB,16GiB" : "1GiB"))) {
    const [count, bytes] = [Number(values.images), parseSize(text)];
    yield { count, bytes, what: `${formatBytes(bytes)} in ${count} images` };
  }
}

function peersFor({ bytes, count }: Load, peers: readonly Peer[]): readonly Peer[] {
  if (bytes > ALONE_BYTES) return [];
  return count > MANY_IMAGES ? peers.slice(0, PEERS_OF_MANY) : peers;
}

async function versionRow(): Promise<string> {
  const [own, node]: [Cost[], Cost[]] = [[], []];
  for (let run = 0; run < 5; run++) {
    own.push(await measure(["node", DRAY, "--version"]));
    node.push(await measure(["node", "-e", "0"]));
  }
  const [a, b] = [own, node].map((costs) => spreadOf(costs.map(({ seconds }) => seconds)).median);
  return `\`dray --version\`: ${ms(a)} ms, of which Node.js alone takes ${ms(b)} ms.`;
}

function ms(seconds = Number.NaN): string {
  return (seconds * 1000).toFixed(0);
}

/** The handshakes of one command: each costs its time, and the registry's too. */
async function benchConnections(peers: readonly Peer[]): Promise<TlsCost[]> {
  const count = Number(values.tls);
  if (count === 0) return [];
  const costs = await benchTls(count, { dray: DRAY, peers, directory: join(work, "tls") });
  console.log(`${formatTable([[...TLS_COLUMNS], ...tlsRows(costs)])}\n`);
  return costs;
}

/** What a bundle costs that somebody has packed anew. */
async function benchPackedAnew(): Promise<void> {
  const source = await startRegistry(join(work, "source"), DRAY);
  const [size = "1GiB"] = listed(values.size ?? "1GiB");
  const filling = { count: Number(values.images), bytes: parseSize(size) };
  const images = await fill(source.host, filling);
  const bundle = join(work, "bench.tar.gz");
  const named = images.flatMap((image) => ["--image", image]);
  await measure(["node", DRAY, "pack", ...named, "--unsigned", "-o", bundle]);
  await source.stop();
  const rows = [["what", "dray", "peer", "ratio", "limit", "peak RSS"]];
  for (const { what, own, compared } of await benchCarriers(bundle, {
    dray: DRAY,
    directory: work,
    runs,
  })) {
    const peer = compared?.peer;
    rows.push([
      what,
      `${own.seconds.toFixed(2)} s`,
      peer === undefined ? "" : `${peer.seconds.toFixed(2)} s`,
      peer === undefined ? "" : (own.seconds / peer.seconds).toFixed(2),
      compared === undefined ? "" : `≤ ${compared.limit}`,
      formatBytes(own.peakRss),
    ]);
  }
  console.log(formatTable(rows));
}

function listed(text: string): string[] {
  return text.split(",").filter((one) => one !== "0");
}

function parseSize(text: string): number {
  const [, number = "", unit = ""] = /^([\d.]+)\s*([KMG]?)i?B?$/i.exec(text) ?? [];
  const value = Number(number) * 1024 ** ["", "K", "M", "G"].indexOf(unit.toUpperCase());
  if (!Number.isFinite(value) || value <= 0) throw new Error(`cannot read size ${text}`);
  return value;
}
