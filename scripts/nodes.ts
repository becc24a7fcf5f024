import { spawnSync } from "node:child_process";
import process from "node:process";

/** What dray runs on at least, as package.json says; the tools of the tests need a newer one. */
const OLDEST = "20.18.1";
const SUPPORTED = ["20.20", "22", "24", "26"];

/**
 * Runs the demo on the oldest Node.js and the tests on the newest of every supported line, or only
 * what is named: `npm run test:nodes -- 24 26`. npm fetches the programs into its cache.
 */
const asked = process.argv.slice(2);
const results = new Map<string, boolean>();
for (const version of asked.length > 0 ? asked : [OLDEST, ...SUPPORTED]) {
  const job = version === OLDEST ? ["dist/scripts/demo.js"] : ["node_modules/.bin/vitest", "run"];
  console.log(`\nNode.js ${version}: ${job.join(" ")}\n`);
  const program = `node-${process.platform}-${process.arch}@${version}`;
  const args = ["exec", "--yes", `--package=${program}`, "--", "node", ...job];
  results.set(version, spawnSync("npm", args, { stdio: "inherit" }).status === 0);
}

console.log();
for (const [version, passed] of results) {
  console.log(`Node.js ${version} ${passed ? "passed" : "FAILED"}`);
  if (!passed) process.exitCode = 1;
}
