import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { gzipBomb, tarMember, END_OF_TAR } from "../../fixtures/archives.ts";
import { makeZip } from "../../fixtures/archives-zip.ts";
import { measure, summary, type Cost } from "./measure.ts";

export interface CarrierRow {
  readonly what: string;
  readonly own: Cost;
  readonly compared?: { readonly peer: Cost | undefined; readonly limit: number };
}

interface BenchOptions {
  /** The built program. */
  readonly dray: string;
  /** Where files may be put; who gave it removes it. */
  readonly directory: string;
  readonly runs: number;
}

/** Exit code of what is not taken. */
const REFUSED = 3;
const MANY_ENTRIES = 100_000;
const BOMB_BYTES = 4 * 1024 ** 3;

/** Verifies a bundle that was packed anew beside the program that unpacks it; then bombs and crowds. */
export async function benchCarriers(
  bundle: string,
  { dray, directory, runs }: BenchOptions,
): Promise<CarrierRow[]> {
  const packed = await packAnew(bundle, directory);
  const out = join(directory, "out");
  const verify = ["node", dray, "verify", "--allow-unsigned"];
  const rows: CarrierRow[] = [];
  for (const { what, path, unpack, limit } of [
    {
      what: ".tar.gz",
      path: packed.gzip,
      unpack: ["tar", "-xzf", packed.gzip, "-C", out],
      limit: 1.2,
    },
    { what: ".zip", path: packed.zip, unpack: ["unzip", "-q", packed.zip, "-d", out], limit: 1.5 },
  ]) {
    const own: Cost[] = [];
    const peers: Cost[] = [];
    for (let run = 0; run < runs; run++) {
      own.push(await measure([...verify, path]));
      await mkdir(out);
      peers.push(await measure(unpack));
      await rm(out, { recursive: true });
    }
    const peer = summary(peers);
    rows.push({
      what: `verify a ${what} packed anew`,
      own: summary(own),
      compared: { peer, limit },
    });
  }
  for (const [what, path] of await hostileFiles(directory)) {
    const costs: Cost[] = [];
    for (let run = 0; run < runs; run++) {
      costs.push(await measure([...verify, path], { exitCode: REFUSED }));
    }
    rows.push({ what, own: summary(costs) });
  }
  return rows;
}

/** The same files as any other program packs them. */
async function packAnew(bundle: string, directory: string): Promise<{ gzip: string; zip: string }> {
  const files = join(directory, "files");
  const gzip = join(directory, "again.tar.gz");
  const zip = join(directory, "again.zip");
  await mkdir(files);
  execFileSync("tar", ["-xzf", bundle, "-C", files]);
  execFileSync("tar", ["-czf", gzip, "-C", files, "."]);
  execFileSync("zip", ["-qr", zip, "."], { cwd: files });
  await rm(files, { recursive: true });
  return { gzip, zip };
}

async function hostileFiles(directory: string): Promise<[string, string][]> {
  const bomb = gzipBomb({ name: "zeros", size: BOMB_BYTES });
  const files: [string, string, () => AsyncIterable<Buffer> | Iterable<Buffer>][] = [
    ["a gzip bomb of 4 GiB (≤ 2 s, 150 MB)", "bomb.tar.gz", () => [bomb]],
    ["the same in another gzip (≤ 2 s, 150 MB)", "bomb.gz", () => [gzipSync(bomb)]],
    [`${MANY_ENTRIES} entries in a tar (≤ 3 s)`, "many.tar", manyInTar],
    [`${MANY_ENTRIES} entries in a zip (≤ 3 s)`, "many.zip", () => [manyInZip()]],
  ];
  const written: [string, string][] = [];
  for (const [what, name, content] of files) {
    const path = join(directory, name);
    await pipeline(Readable.from(content()), createWriteStream(path));
    written.push([what, path]);
  }
  return written;
}

function nameOf(index: number): string {
  return `files/${index % 100}/${index}.txt`;
}

/** Every one is listed, so that they are counted as a bundle's own. */
function manyMembers(): { name: string; content: string }[] {
  const names = Array.from({ length: MANY_ENTRIES }, (_item, index) => nameOf(index));
  const sum = createHash("sha256").update("x").digest("hex");
  const sums = names.toSorted().map((name) => `${sum}  ${name}\n`);
  return [
    { name: "SHA256SUMS", content: sums.join("") },
    ...names.map((name) => ({ name, content: "x" })),
  ];
}

function* manyInTar(): Generator<Buffer> {
  for (const member of manyMembers()) yield tarMember(member);
  yield END_OF_TAR;
}

function manyInZip(): Buffer {
  return makeZip(manyMembers());
}
