import { basename, dirname } from "node:path";
import type { FileRange } from "./file-range.ts";
import {
  compressed,
  encrypted,
  into,
  joiningZip,
  packed,
  text,
  unpacking,
  type KnownFile,
} from "./known-file.ts";

/** Where a volume of ISO 9660 says what it is; before that are zeros, or what a computer starts from. */
const ISO_MAGIC = { at: 32_769, bytes: Buffer.from("CD001") };

const ISO_IMAGE: KnownFile = {
  name: "an ISO 9660 image",
  hint: (path) =>
    `Mount it and name the directory, or unpack it and name that: ${unpacking(path, "bsdtar -xf FILE -C DIR")}.`,
  isArchive: true,
};

const AGE = encrypted("a file that is encrypted with age", ".age", "age -d -i KEY");
const PGP = encrypted("a message that is encrypted with PGP", ".gpg", "gpg -d");
const CPIO = packed("a cpio archive", "bsdtar -xf FILE -C DIR");
const LZ4 = compressed("lz4", ".lz4");

const WRONG = "It is another file: name the bundle.";

/** By the first bytes, in Latin-1. */
const MAGICS: readonly (readonly [string, KnownFile])[] = [
  ["\xfd7zXZ\0", compressed("xz", ".xz")],
  ["BZh", compressed("bzip2", ".bz2")],
  ["\x04\x22\x4d\x18", LZ4],
  ["\x02\x21\x4c\x18", LZ4],
  ["LZIP", compressed("lzip", ".lz")],
  ["\x1f\x9d", { ...compressed("gzip", ".Z"), name: "compress (.Z)" }],
  ["\x5d\0\0", { ...compressed("xz", ".lzma"), name: "LZMA" }],
  ["7z\xbc\xaf\x27\x1c", packed("a 7z archive", "7z x -oDIR FILE")],
  ["Rar!\x1a\x07", packed("a RAR archive", "unrar x FILE DIR/")],
  ["070701", CPIO],
  ["070702", CPIO],
  ["070707", CPIO],
  ["\xc7\x71", CPIO],
  ["\x71\xc7", CPIO],
  ["MSCF\0", packed("a cabinet of Windows", "cabextract -d DIR FILE")],
  ["hsqs", packed("a squashfs image", "unsquashfs -f -d DIR FILE")],
  ["!<arch>\n", packed("an ar archive or Debian package", "bsdtar -xf FILE -C DIR")],
  ["\xed\xab\xee\xdb", packed("an RPM package", "bsdtar -xf FILE -C DIR")],
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
    {
      name: "a file that openssl has encrypted",
      hint: (path) =>
        `Decrypt it with the cipher that it was made with, and name what comes of it: ${into(path, ".enc", "openssl enc -d -aes-256-cbc -pbkdf2 -in")}.`,
      isArchive: false,
    },
  ],
  [
    "version https://git-lfs.github.com/",
    text("a pointer of Git LFS", "Fetch the file that it stands for with `git lfs pull`."),
  ],
  ["%PDF-", text("a PDF document", WRONG)],
  ["\x89PNG", text("a picture", WRONG)],
  ["\xff\xd8\xff", text("a picture", WRONG)],
  ["\x7fELF", text("a program", WRONG)],
  [
    "MZ",
    text(
      "a program of Windows",
      "If it unpacks itself, run it on Windows and name what comes of it.",
    ),
  ],
  [
    "L\0\0\0\x01\x14\x02\0",
    text("a shortcut of Windows", "It leads to the bundle: copy the file that it leads to."),
  ],
  [
    "book\0\0\0\0mark",
    text("an alias of macOS", "It leads to the bundle: copy the file that it leads to."),
  ],
  [
    "\xff\xfe",
    text(
      "a text in UTF-16",
      "PowerShell writes it for `>`: copy the file with Copy-Item, or download it with -OutFile.",
    ),
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
    {
      name: "JSON",
      hint: (path) =>
        lonely(path) ??
        "It is an answer of a server or one document of a bundle. Name the bundle itself, or its directory.",
      isArchive: false,
    },
  ],
  [
    /^[0-9a-f]{64} [ *]/,
    {
      name: "a list of checksums",
      hint: (path) =>
        lonely(path) ?? "Name the bundle itself, or the directory that the list lies in.",
      isArchive: false,
    },
  ],
];

/** What lies at the top of an unpacked bundle or layout. */
const TOP_FILE = /^(?:SHA256SUMS|(?:index|bundle|manifest)\.json|oci-layout)$/;

function lonely(path: string): string | undefined {
  if (!TOP_FILE.test(basename(path))) return undefined;
  return `It is one file of what was unpacked: name the directory that it lies in, \`${dirname(path)}\`.`;
}

/** Bytes that base64 has, over lines, and nothing else: so many of them are no other text. */
const BASE64 = /^(?:[A-Za-z0-9+/]{60,76}\r?\n){3}/;

const ENCODED: KnownFile = {
  name: "base64",
  hint: (path) => `Decode it, and name what comes of it: ${into(path, ".b64", "base64 -d")}.`,
  isArchive: false,
};

/** The image of a disc, if that is what lies in `range`. */
export async function isoImage(range: FileRange): Promise<KnownFile | undefined> {
  const { at, bytes } = ISO_MAGIC;
  if (range.size < at + bytes.length) return undefined;
  return (await range.fill(at, Buffer.alloc(bytes.length))).equals(bytes) ? ISO_IMAGE : undefined;
}

/** Where a zip says of how many disks it is the last. APPNOTE 6.3.10 §4.3.16 */
const ZIP_END = { size: 22, signature: 0x06054b50, diskAt: 4 };

const LAST_ZIP_PART: KnownFile = {
  name: "the last part of a zip that was cut into several",
  hint: joiningZip,
  isArchive: true,
};

/** The last part of a zip, which is cut anywhere, if that is what lies in `range`. */
export async function lastOfZip(range: FileRange): Promise<KnownFile | undefined> {
  const { size, signature, diskAt } = ZIP_END;
  if (range.size < size) return undefined;
  const end = await range.fill(range.size - size, Buffer.alloc(size));
  const isLast = end.readUInt32LE() === signature && end.readUInt16LE(diskAt) > 0;
  return isLast ? LAST_ZIP_PART : undefined;
}

/** What a file is that begins with `head`, if that is known. */
export function knownFile(head: Buffer): KnownFile | undefined {
  const start = head.toString("latin1");
  const known =
    MAGICS.find(([magic]) => start.startsWith(magic)) ??
    TEXTS.find(([pattern]) => pattern.test(start));
  if (known !== undefined) return known[1];
  return BASE64.test(start) ? ENCODED : undefined;
}
