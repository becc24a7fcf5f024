import { crc32 } from "node:zlib";
import { writeTar } from "../archive/tar/tar-writer.ts";
import { collect } from "../content/content.ts";
import { once } from "../content/memory.ts";

/** Largest stored DEFLATE block (RFC 1951 §3.2.4). */
const MAX_BLOCK = 65_535;

/** ID1 ID2 CM FLG MTIME=0 XFL=0 OS=unknown. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/**
 * Packs the files of a chart as `helm package` lays them out: below the chart's name, Chart.yaml
 * first. The same files give the same bytes everywhere, which is why nothing is compressed: what
 * zlib makes of a text differs from one of its versions to the next.
 */
export async function packChart(
  files: ReadonlyMap<string, Buffer>,
  { name, mtime }: { name: string; mtime: Date },
): Promise<Buffer> {
  const sorted = [...files].toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const inputs = sorted.map(([path, bytes]) => ({
    name: `${name}/${path}`,
    size: bytes.length,
    content: once(bytes),
    mayBeLong: true,
  }));
  return storedGzip(await collect(writeTar(inputs, { mtime })));
}

function rank(path: string): number {
  return path === "Chart.yaml" ? 0 : 1;
}

function storedGzip(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [GZIP_HEADER];
  for (let start = 0; start < bytes.length; start += MAX_BLOCK) {
    const block = bytes.subarray(start, start + MAX_BLOCK);
    const header = Buffer.alloc(5);
    header.writeUInt8(start + MAX_BLOCK >= bytes.length ? 1 : 0, 0);
    header.writeUInt16LE(block.length, 1);
    header.writeUInt16LE(block.length ^ 0xffff, 3);
    pieces.push(header, block);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(bytes), 0);
  trailer.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([...pieces, trailer]);
}
