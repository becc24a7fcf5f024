import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { DAMAGES } from "./fuzz/damage.ts";
import { DamageLab } from "./fuzz/damage-lab.ts";
import { makeDamageSample } from "./fuzz/damage-sample.ts";
import { Random } from "./fuzz/random.ts";

const USAGE = `npm run damage -- [--count 2000] [--seed NUMBER] [--kind ${Object.keys(DAMAGES).join("|")}]

Damages a signed bundle in one place at a time and gives it to verify and to push, and looks for tags
at the target. Both have to refuse every copy, and no tag may be there. Without --kind: all kinds in turn.`;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "2000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    kind: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const seed = Number(values.seed);
const wanted = Number(values.count);
const kinds = Object.entries(DAMAGES).filter(
  ([name]) => values.kind === undefined || name === values.kind,
);
const random = new Random(seed);
const work = await mkdtemp(join(tmpdir(), "dray-damage-"));
const sample = await makeDamageSample(join(work, "sample"));
const lab = await DamageLab.open(sample, join(work, "lab"));
try {
  console.log(`seed ${seed}: ${wanted} of ${kinds.map(([name]) => name).join(", ")}`);
  for (let turn = 0; lab.count.tried < wanted; turn++) {
    const [, damage] = kinds[turn % kinds.length] ?? [];
    if (damage === undefined) throw new Error(`no kind ${JSON.stringify(values.kind)}`);
    await lab.judge(damage(sample.bytes, random));
  }
  const { tried, refusedByVerify, refusedByPush, tags, missed } = lab.count;
  console.log(`verify refused ${refusedByVerify} of ${tried}, push ${refusedByPush}; ${tags} tags`);
  for (const one of missed) console.error(one);
  if (missed.length > 0) process.exitCode = 1;
} finally {
  await lab.close();
  await rm(work, { recursive: true, force: true });
}
