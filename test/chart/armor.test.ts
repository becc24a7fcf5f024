import { describe, expect, it } from "vitest";
import { readPublicKeys, withChecksum } from "../../src/chart/provenance/armor.ts";

/** Base64 whose length is no help to find its end. */
const CONTENT = Buffer.from("123456789");
const BODY = CONTENT.toString("base64");
/** The check value of CRC-24/OPENPGP. */
const CHECKSUM = Buffer.from("21cf02", "hex").toString("base64");

function block(kind: string, body: string): string {
  return `-----BEGIN PGP ${kind}-----\nVersion: any\n\n${body}\n-----END PGP ${kind}-----\n`;
}

const text = (body: string): string => `Signed.\n${block("SIGNATURE", body)}`;

describe("withChecksum()", () => {
  it("adds the checksum that a signature lacks, and nothing else", () => {
    expect(withChecksum(text(BODY))).toBe(text(`${BODY}\n=${CHECKSUM}`));
  });

  it.each([
    ["a signature that has one", text(`${BODY}\n=${CHECKSUM}`)],
    ["no signature", "text\n"],
    ["a signature without end", text(BODY).replace("-----END", "")],
    ["a line that only looks like one", text(BODY).replaceAll("-----", " -----")],
  ])("leaves %s as it is", (_what, given) => {
    expect(withChecksum(given)).toBe(given);
  });

  it("does not go through the text again and again for what never ends", () => {
    const hostile = "\n-----BEGIN PGP SIGNATURE-----\n".repeat(200_000) + "\n".repeat(1_000_000);
    expect(withChecksum(hostile)).toBe(hostile);
  });
});

describe("readPublicKeys()", () => {
  it("joins all keys, with checksums or without, whatever the line ends", () => {
    const keys = [BODY, `${BODY}\n=${CHECKSUM}`].map((body) => block("PUBLIC KEY BLOCK", body));
    const wanted = Buffer.concat([CONTENT, CONTENT]);
    expect(readPublicKeys(keys.join("\n")).equals(wanted)).toBe(true);
    expect(readPublicKeys(keys.join("\n").replaceAll("\n", "\r\n")).equals(wanted)).toBe(true);
  });

  it("takes nothing else for a key", () => {
    expect(readPublicKeys(block("PRIVATE KEY BLOCK", BODY))).toHaveLength(0);
  });
});
