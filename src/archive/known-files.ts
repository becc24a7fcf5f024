import type { FileRange } from "./file-range.ts";

/** A kind of file that somebody may take for a bundle, and what is to be done about it. */
export interface KnownFile {
  /** For messages, behind `found`. */
  readonly name: string;
  /** Undefined where there is no more to say than what it is. */
  readonly hint?: string;
  /** It is an archive or a compression, of a kind that is not read. */
  readonly isArchive: boolean;
}

const AGAIN = "Download the bundle again, and compare its digest with the one you were told.";

/** Where a volume of ISO 9660 says what it is; before that are zeros, or what a computer starts from. */
const ISO_MAGIC = { at: 32_769, bytes: Buffer.from("CD001") };

const ISO_IMAGE: KnownFile = {
  name: "an ISO 9660 image",
  hint: "Mount it, or unpack it with `bsdtar -xf FILE` into a directory of its own, and name that.",
  isArchive: true,
};

function compressed(program: string): KnownFile {
  const hint = `Decompress it with \`${program} -dc FILE > BUNDLE\` first.`;
  return { name: program, hint, isArchive: true };
}

function packed(name: string, command: string): KnownFile {
  const hint = `Unpack it with \`${command}\` into a directory of its own, and name the directory.`;
  return { name, hint, isArchive: true };
}

function text(name: string, hint: string = AGAIN): KnownFile {
  return { name, hint, isArchive: false };
}

const AGE = text(
  "a file that is encrypted with age",
  "Decrypt it with `age -d -i KEY FILE > BUNDLE` first.",
);
const PGP = text(
  "a message that is encrypted with PGP",
  "Decrypt it with `gpg -o BUNDLE -d FILE` first.",
);
const CPIO = packed("a cpio archive", "bsdtar -xf FILE");
const LZ4 = compressed("lz4");

/** By the first bytes, in Latin-1. */
const MAGICS: readonly (readonly [string, KnownFile])[] = [
  ["\xfd7zXZ\0", compressed("xz")],
  ["BZh", compressed("bzip2")],
  ["\x04\x22\x4d\x18", LZ4],
  ["\x02\x21\x4c\x18", LZ4],
  ["LZIP", compressed("lzip")],
  ["7z\xbc\xaf\x27\x1c", packed("a 7z archive", "7z x FILE")],
  ["Rar!\x1a\x07", packed("a RAR archive", "unrar x FILE")],
  ["070701", CPIO],
  ["070702", CPIO],
  ["070707", CPIO],
  ["\xc7\x71", CPIO],
  ["\x71\xc7", CPIO],
  ["MSCF\0", packed("a cabinet of Windows", "cabextract FILE")],
  ["age-encryption.org/", AGE],
  ["-----BEGIN AGE ENCRYPTED", AGE],
  ["-----BEGIN PGP MESSAGE", PGP],
  // Packets of a session key: for a passphrase, and for the usual sizes of RSA and curve keys.
  ["\x8c\x0d\x04", PGP],
  ["\x85\x01\x0c\x03", PGP],
  ["\x85\x01\x8c\x03", PGP],
  ["\x85\x02\x0c\x03", PGP],
  ["\x84\x5e\x03", PGP],
  [
    "Salted__",
    text(
      "a file that openssl has encrypted",
      "Decrypt it with `openssl enc -d` first, and the cipher that it was made with.",
    ),
  ],
  [
    "version https://git-lfs.github.com/",
    text("a pointer of Git LFS", "Fetch the file that it stands for with `git lfs pull`."),
  ],
  ["-----BEGIN", text("a key or a certificate", "Name the bundle; keys are named with `--key`.")],
  [
    "\0".repeat(512),
    text(
      "zeros",
      "The copy only set the room aside. Copy the file again, and eject the medium before it is pulled.",
    ),
  ],
];

/** Texts that may begin with blanks. */
const TEXTS: readonly (readonly [RegExp, KnownFile])[] = [
  [
    /^\s*<(?:!doctype|html|head|\?xml)/i,
    text(
      "a web page",
      "A login or an error page was downloaded in its place: open it to see which, and download again.",
    ),
  ],
  [
    /^\s*[{[]/,
    text(
      "JSON",
      "It is an answer of a server or one document of a bundle. Name the bundle itself, or its directory.",
    ),
  ],
  [
    /^[0-9a-f]{64} [ *]/,
    text("a list of checksums", "Name the bundle itself, or the directory that the list lies in."),
  ],
];

/** Bytes that base64 has, over lines, and nothing else: so many of them are no other text. */
const BASE64 = /^(?:[A-Za-z0-9+/]{60,76}\r?\n){3}/;

/** The image of a disc, if that is what lies in `range`. */
export async function isoImage(range: FileRange): Promise<KnownFile | undefined> {
  const { at, bytes } = ISO_MAGIC;
  if (range.size < at + bytes.length) return undefined;
  return (await range.fill(at, Buffer.alloc(bytes.length))).equals(bytes) ? ISO_IMAGE : undefined;
}

/** What a file is that begins with `head`, if that is known. */
export function knownFile(head: Buffer): KnownFile | undefined {
  const start = head.toString("latin1");
  const known =
    MAGICS.find(([magic]) => start.startsWith(magic)) ??
    TEXTS.find(([pattern]) => pattern.test(start));
  if (known !== undefined) return known[1];
  const isBase64 = BASE64.test(start);
  return isBase64 ? text("base64", "Decode it with `base64 -d FILE > BUNDLE` first.") : undefined;
}
