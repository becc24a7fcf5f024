import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { bundleInside } from "./standalone/inside.ts";
import { fetchNode, HOST, NODE_VERSION } from "./standalone/node-binary.ts";
import { buildExecutable, tryExecutable } from "./standalone/executable.ts";
import { writeNotes, type Built } from "./standalone/notes.ts";

/**
 * Builds one executable a platform that needs nothing on its machine:
 * `npm run standalone -- --platform linux-x64,linux-arm64,win-x64`. Node.js comes from npm, for this
 * platform too: what goes inside has to be put together by the same version.
 */
const { values } = parseArgs({
  options: { platform: { type: "string", default: HOST }, output: { type: "string" } },
});
const output = resolve(values.output ?? resolve(import.meta.dirname, "../standalone"));
await rm(output, { recursive: true, force: true });

const inside = await bundleInside(resolve(output, "inside"));
const builder = await fetchNode(HOST, output);
const built: Built[] = [];
for (const platform of values.platform.split(",")) {
  console.log(`${platform}: with Node.js ${NODE_VERSION}`);
  const node = platform === HOST ? builder : await fetchNode(platform, output);
  const path = await buildExecutable({ platform, node, builder, inside, output });
  const tried = platform === HOST ? tryExecutable(path) : undefined;
  built.push({ platform, path, tried });
}
await rm(resolve(output, "inside"), { recursive: true });
await rm(resolve(output, "node"), { recursive: true });
console.log(await writeNotes(output, built));
if (built.some(({ tried }) => tried === false)) process.exitCode = 1;
