import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { misbehave } from "./fuzz/misbehaving-registry.ts";

const USAGE = `npm run misbehave -- [--runs 1000] [--seed NUMBER]

Pulls from, pushes to and lists a registry that misbehaves at random. What passes has to be outlasted, and
what stays has to end in an error with a code that gives no secret away. The same seed gives the same
misdeeds.`;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const work = await mkdtemp(join(tmpdir(), "dray-misbehave-"));
try {
  const seed = Number(values.seed);
  console.log(`seed ${seed}: ${values.runs} runs`);
  const { passing, outlasted, lasting, named, wrong, kinds } = await misbehave(
    work,
    seed,
    Number(values.runs),
  );
  console.log(`${kinds.size} kinds of misdeeds`);
  console.log(`${outlasted} of ${passing} outlasted, ${named} of ${lasting} named`);
  for (const one of wrong) console.error(one);
  if (wrong.length > 0) process.exitCode = 1;
} finally {
  await rm(work, { recursive: true, force: true });
}
