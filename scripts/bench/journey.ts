import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Comparison, type Load } from "./comparison.ts";
import { fill } from "./fill.ts";
import { measure, measureAll, type Cost } from "./measure.ts";
import type { Peer } from "./peers.ts";
import { startRegistry, startSink, type BenchRegistry } from "./registry.ts";

export interface JourneyOptions {
  readonly load: Load;
  readonly dray: string;
  readonly peers: readonly Peer[];
  readonly runs: number;
  /** All of it is removed at the end. */
  readonly directory: string;
}

/** pack → verify → push to a registry and to one that takes everything → push again. */
export async function benchJourney(options: JourneyOptions): Promise<Comparison[]> {
  await mkdir(options.directory);
  try {
    return await journey(options);
  } finally {
    await rm(options.directory, { recursive: true, force: true });
  }
}

async function journey(options: JourneyOptions): Promise<Comparison[]> {
  const { dray, directory, load, runs } = options;
  const source = await startRegistry(join(directory, "source"), dray);
  const images = await fill(source.host, load);
  const recipe = join(directory, "bench.yaml");
  const bundle = join(directory, "bench.tar.gz");
  const own = ["node", dray];
  const pack = [...own, "pack", recipe, "--unsigned", "-o", bundle];
  const lines = ["name: bench", "version: '1'", "images:", ...images.map((one) => `  - ${one}`)];
  // Peers look for nothing that refers to an image.
  await writeFile(recipe, [...lines, "referrers: none", ""].join("\n"));
  const packs = await new Comparison("pack", load).run(runs, packers(options, images, pack));
  const referring = new Comparison("pack with referrers", load);
  await writeFile(recipe, [...lines, ""].join("\n"));
  await rm(bundle);
  referring.note("dray", await measure(pack));
  await source.stop();
  // The target gets as large.
  await rm(join(directory, "source"), { recursive: true });
  const verify = await new Comparison("verify", load).run(
    runs,
    new Map([
      ["dray", () => measure([...own, "verify", bundle, "--allow-unsigned"])],
      ["openssl", () => measure(["openssl", "dgst", "-sha256", bundle])],
    ]),
  );
  const start = (): Promise<BenchRegistry> => startRegistry(join(directory, "target"), dray);
  const again = new Comparison("push again", load);
  const pushes = [];
  for (const [to, started] of [
    ["docker-registry", start],
    ["one that keeps nothing", startSink],
  ] as const) {
    const push = new Comparison(`push to ${to}`, load);
    await push.run(runs, pushers(options, { images, bundle, start: started, again }));
    pushes.push(push);
  }
  return [packs, referring, verify, ...pushes, again];
}

/** Each begins with nothing. */
function packers(
  { peers, directory }: JourneyOptions,
  images: readonly string[],
  own: readonly string[],
): Map<string, () => Promise<Cost>> {
  const programs = new Map<string, () => Promise<Cost>>();
  programs.set("dray", async () => {
    await rm(own.at(own.indexOf("-o") + 1) ?? "", { force: true });
    return measure(own);
  });
  for (const { name, pack, prepare, env } of peers) {
    programs.set(name, async () => {
      await rm(join(directory, name), { recursive: true, force: true });
      await mkdir(join(directory, name));
      const work = { images, directory: join(directory, name) };
      const cost = await measureAll(pack(work), { env });
      await measureAll(prepare?.(work) ?? [], { env });
      return cost;
    });
  }
  return programs;
}

interface PushOptions {
  readonly images: readonly string[];
  readonly bundle: string;
  readonly start: () => Promise<BenchRegistry>;
  readonly again: Comparison;
}

/** Each to a registry of its own. */
function pushers(
  { peers, directory, dray }: JourneyOptions,
  { images, bundle, start, again }: PushOptions,
): Map<string, () => Promise<Cost>> {
  const into = async (push: (host: string) => Promise<Cost>): Promise<Cost> => {
    const target = await start();
    try {
      return await push(target.host);
    } finally {
      await target.stop();
    }
  };
  const programs = new Map<string, () => Promise<Cost>>();
  programs.set("dray", () =>
    into(async (host) => {
      const push = ["node", dray, "push", bundle, `${host}/dray`, "--allow-unsigned"];
      const cost = await measure(push);
      again.note("dray", await measure(push));
      return cost;
    }),
  );
  for (const { name, push, env } of peers) {
    programs.set(name, () =>
      into((host) => measureAll(push({ images, directory: join(directory, name) }, host), { env })),
    );
  }
  return programs;
}
