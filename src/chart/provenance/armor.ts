/** A block of OpenPGP as text: headers, a blank line, base64, and a checksum or none. */
interface Block {
  readonly content: Buffer;
  readonly hasChecksum: boolean;
  /** Where its last line begins in the text. */
  readonly end: number;
}

/** What the blocks of public keys in a text hold. */
export function readPublicKeys(text: string): Buffer {
  const blocks = [...blocksOf(`\n${text}`, "PUBLIC KEY BLOCK")];
  return Buffer.concat(blocks.map(({ content }) => content));
}

/**
 * A signed text whose signatures have checksums. They may be left out, Helm leaves them out, and some
 * versions of gpgv take the last line of a block for more of it then.
 * https://www.rfc-editor.org/rfc/rfc9580#name-optional-checksum
 */
export function withChecksum(signed: string): string {
  const pieces: string[] = [];
  let done = 0;
  for (const { content, hasChecksum, end } of blocksOf(signed, "SIGNATURE")) {
    if (hasChecksum) continue;
    pieces.push(signed.slice(done, end), `=${checksum(content)}\n`);
    done = end;
  }
  return [...pieces, signed.slice(done)].join("");
}

function* blocksOf(text: string, kind: string): Generator<Block> {
  const [first, last] = [`\n-----BEGIN PGP ${kind}-----`, `\n-----END PGP ${kind}-----`];
  let start = text.indexOf(first);
  while (start !== -1) {
    const end = text.indexOf(last, start) + 1;
    if (end === 0) return;
    const lines = text.slice(start + 1, end).split("\n");
    const blank = lines.findIndex((line) => line.trim() === "");
    const body = lines.slice(blank + 1).map((line) => line.trim());
    const sum = body.findIndex((line) => /^=[A-Za-z0-9+/]{4}$/.test(line));
    const base64 = (sum === -1 ? body : body.slice(0, sum)).join("");
    yield { content: Buffer.from(base64, "base64"), hasChecksum: sum !== -1, end };
    start = text.indexOf(first, end);
  }
}

/** https://www.rfc-editor.org/rfc/rfc4880#section-6.1 */
function checksum(bytes: Buffer): string {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return Buffer.of(crc >> 16, crc >> 8, crc).toString("base64");
}
