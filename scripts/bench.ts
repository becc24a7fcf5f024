import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { formatBytes, formatTable } from "../src/cli/table.ts";
import { benchCarriers } from "./bench/carriers.ts";
import { COLUMNS, type Comparison } from "./bench/comparison.ts";
import { fill } from "./bench/fill.ts";
import { benchJourney } from "./bench/journey.ts";
import { measure, spreadOf, type Cost } from "./bench/measure.ts";
import { installedPeers, type Peer } from "./bench/peers.ts";
import { startRegistry } from "./bench/registry.ts";
import { benchTls } from "./bench/tls.ts";
import { markdownTable } from "./markdown-table.ts";

const USAGE = `npm run bench -- [--size 1GiB,4GiB] [--images 4] [--many 200,2000] [--runs 3]
                 [--peers crane,regctl,hauler,skopeo,oras] [--dir DIR] [--write] [--carriers | --tls]

Packs, verifies and pushes random images through real registries, in turn with each peer that is on
PATH. --size 0 or --many 0 leaves those rows out. --write puts the figures into docs/performance.md.
--carriers measures bundles that were packed anew, bombs and many entries instead; --tls the
connections that many small images over TLS take. Needs GNU time.`;

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "1GiB" },
    images: { type: "string", default: "4" },
    runs: { type: "string", default: "3" },
    many: { type: "string", default: "200,2000" },
    peers: { type: "string", default: "crane,regctl,hauler,skopeo,oras" },
    dir: { type: "string", default: tmpdir() },
    write: { type: "boolean", default: false },
    carriers: { type: "boolean", default: false },
    tls: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

/** Bytes of each layer of a small image. */
const SMALL_LAYER = 2560;
const DRAY = resolve(import.meta.dirname, "../cli/dray.js");
const DOCUMENT = resolve(import.meta.dirname, "../../docs/performance.md");
const runs = Number(values.runs);
const work = await mkdtemp(join(values.dir, "dray-bench-"));

try {
  if (values.carriers) await benchPackedAnew();
  else if (values.tls) await benchConnections();
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
  const head = `${new Date().toISOString().slice(0, 10)}; ${machine}; ${runs} runs each; ${versions}.`;
  console.log(`${head}\n`);
  const found: Comparison[] = [];
  const common = { dray: DRAY, peers, runs, directory: work };
  for (const size of listed(values.size)) {
    const bytes = parseSize(size);
    const count = Number(values.images);
    const what = `${formatBytes(bytes)} in ${count} images`;
    await measured(found, () => benchJourney({ ...common, count, bytes, what }));
  }
  for (const text of listed(values.many)) {
    const count = Number(text);
    const bytes = count * 3 * SMALL_LAYER;
    const what = `${count} small images`;
    await measured(found, () => benchJourney({ ...common, count, bytes, what }));
  }
  const version = await versionRow();
  console.log(version);
  if (!values.write) return;
  const table = markdownTable(
    COLUMNS,
    found.flatMap((one) => one.rows()),
  );
  await writeDocument(`${head}\n\n${table}\n\n${version}`);
}

async function measured(
  found: Comparison[],
  bench: () => Promise<readonly Comparison[]>,
): Promise<void> {
  const comparisons = await bench();
  found.push(...comparisons);
  console.log(`${formatTable([[...COLUMNS], ...comparisons.flatMap((one) => one.rows())])}\n`);
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

/** Between two comments of the document stands what was measured last. */
async function writeDocument(text: string): Promise<void> {
  const before = await readFile(DOCUMENT, "utf8");
  const after = before.replace(
    /(<!-- figures -->\n)[\s\S]*(\n<!-- end of figures -->)/,
    (_all, first: string, last: string) => `${first}\n${text}\n${last}`,
  );
  await writeFile(DOCUMENT, after);
}

/** The handshakes of one command: each costs its time, and the registry's too. */
async function benchConnections(): Promise<void> {
  for (const one of await benchTls(200, { dray: DRAY, directory: work })) {
    const { what, cost, connections, requests } = one;
    const { seconds, cpu } = cost;
    const took = `${seconds.toFixed(2)} s, ${cpu.toFixed(2)} s of CPU`;
    console.log(`${what}: ${requests} requests, ${connections} connections, ${took}`);
  }
}

/** What a bundle costs that somebody has packed anew. */
async function benchPackedAnew(): Promise<void> {
  const source = await startRegistry(join(work, "source"), DRAY);
  const [size = "1GiB"] = listed(values.size);
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
