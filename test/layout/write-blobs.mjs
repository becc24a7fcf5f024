// Writes blobs into a layout, slowly, until it is done or killed, and stands still at byte STOP of each:
// node write-blobs.mjs BUILT_LAYOUT_MODULE DIRECTORY SIZE STOP SEED...
import { createCipheriv, createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

const [module, directory, size, stop, ...seeds] = process.argv.slice(2);
const { ImageLayout } = await import(module);

/** The same bytes as `seededBytes` of the fixtures. */
function bytesOf(seed) {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(Number(size)));
}

async function* slowly(bytes) {
  for (let at = 0; at < bytes.length; at += 64 * 1024) {
    if (at >= Number(stop)) await new Promise(() => setInterval(() => {}, 1000));
    yield bytes.subarray(at, at + 64 * 1024);
    await wait(1);
  }
}

const layout = await ImageLayout.create(directory);
process.stdout.write("begun\n");
await Promise.all(
  seeds.map(async (seed) => {
    const bytes = bytesOf(seed);
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const expected = { mediaType: "application/octet-stream", digest, size: bytes.length };
    if (await layout.exists(expected)) return;
    const open = (offset) => slowly(bytes.subarray(offset));
    await layout.push(expected, { from: "child", open });
  }),
);
process.stdout.write("done\n");
