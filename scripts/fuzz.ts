import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz/run.ts";
import { makeSamples } from "./fuzz/samples.ts";
import { makeTargets } from "./fuzz/targets.ts";

const USAGE = `npm run fuzz -- [--seconds 30] [--seed NUMBER] [--from INPUT] [--only TARGET]

Gives damaged bundles, archives, lists, documents and references to whatever reads them. Each ends in
a result or in an error with a code; anything else is a mistake, and its input is kept. Input K of a
seed is always the same bytes: --seed S --from K begins with it.`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    from: { type: "string", default: "0" },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const seed = Number(values.seed);
const deadline = Date.now() + Number(values.seconds) * 1000;
const work = await mkdtemp(join(tmpdir(), "dray-fuzz-"));
try {
  const targets = Object.entries(makeTargets(await makeSamples(work), work)).filter(
    ([name]) => values.only === undefined || name === values.only,
  );
  console.log(`seed ${seed}: ${targets.map(([name]) => name).join(", ")}`);
  const goOn = (): boolean => Date.now() < deadline;
  const from = Number(values.from);
  const { count, mistake } = await fuzz(Object.fromEntries(targets), { seed, from }, goOn);
  if (mistake === undefined) {
    console.log(`${count - from} inputs, no mistake`);
  } else {
    const path = resolve(`fuzz-${mistake.target}-${seed}`);
    await writeFile(path, mistake.input);
    console.error(`${mistake.target}, input ${count}, kept in ${path}: ${mistake.reason}`);
    process.exitCode = 1;
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
