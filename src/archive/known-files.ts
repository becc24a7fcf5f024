import { basename, dirname } from "node:path";
import { shellWord } from "../errors.ts";
import type { FileRange } from "./file-range.ts";

/** A kind of file that somebody may take for a bundle, and what is to be done about it. */
export interface KnownFile {
  /** For messages, behind `found`. */
  readonly name: string;
  /** What to do with a file of this path. */
  readonly hint: (path: string) => string;
  /** It is an archive or a compression, of a kind that is not read. */
  readonly isArchive: boolean;
}

const AGAIN = "Download the bundle again, and compare its digest with the one you were told.";

/** Where a volume of ISO 9660 says what it is; before that are zeros, or what a computer starts from. */
const ISO_MAGIC = { at: 32_769, bytes: Buffer.from("CD001") };

const ISO_IMAGE: KnownFile = {
  name: "an ISO 9660 image",
  hint: (path) =>
    `Mount it and name the directory, or unpack it and name that: ${unpacking(path, "bsdtar -xf FILE -C DIR")}.`,
  isArchive: true,
};

function compressed(program: string, ending: string): KnownFile {
  const hint = (path: string): string =>
    `Decompress it, and name what comes of it: ${into(path, ending, `${program} -dc`)}.`;
  return { name: program, hint, isArchive: true };
}

/** `command` unpacks FILE into DIR. */
function packed(name: string, command: string): KnownFile {
  const hint = (path: string): string =>
    `Unpack it into a directory of its own, and name that: ${unpacking(path, command)}.`;
  return { name, hint, isArchive: true };
}

function text(name: string, hint: string = AGAIN): KnownFile {
  return { name, hint: () => hint, isArchive: false };
}

function encrypted(name: string, ending: string, command: string): KnownFile {
  const hint = (path: string): string =>
    `Decrypt it, and name what comes of it: ${into(path, ending, command)}.`;
  return { name, hint, isArchive: false };
}

/** A line that writes what `command` makes of the file; its name loses `ending` where it has it. */
function into(path: string, ending: string, command: string): string {
  const made = path.endsWith(ending) ? path.slice(0, -ending.length) : `${path}.bundle`;
  return `\`${command} ${shellWord(path)} > ${shellWord(made)}\``;
}

function unpacking(path: string, command: string): string {
  const directory = shellWord(`${path}.unpacked`);
  const words: Readonly<Record<string, string>> = { FILE: shellWord(path), DIR: directory };
  const line = command.replaceAll(/FILE|DIR/g, (word) => words[word] ?? word);
  return `\`mkdir ${directory} && ${line}\``;
}

const AGE = encrypted("a file that is encrypted with age", ".age", "age -d -i KEY");
const PGP = encrypted("a message that is encrypted with PGP", ".gpg", "gpg -d");
const CPIO = packed("a cpio archive", "bsdtar -xf FILE -C DIR");
const LZ4 = compressed("lz4", ".lz4");

/** By the first bytes, in Latin-1. */
const MAGICS: readonly (readonly [string, KnownFile])[] = [
  ["\xfd7zXZ\0", compressed("xz", ".xz")],
  ["BZh", compressed("bzip2", ".bz2")],
  ["\x04\x22\x4d\x18", LZ4],
  ["\x02\x21\x4c\x18", LZ4],
  ["LZIP", compressed("lzip", ".lz")],
  ["7z\xbc\xaf\x27\x1c", packed("a 7z archive", "7z x -oDIR FILE")],
  ["Rar!\x1a\x07", packed("a RAR archive", "unrar x FILE DIR/")],
  ["070701", CPIO],
  ["070702", CPIO],
  ["070707", CPIO],
  ["\xc7\x71", CPIO],
  ["\x71\xc7", CPIO],
  ["MSCF\0", packed("a cabinet of Windows", "cabextract -d DIR FILE")],
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

/** What a file is that begins with `head`, if that is known. */
export function knownFile(head: Buffer): KnownFile | undefined {
  const start = head.toString("latin1");
  const known =
    MAGICS.find(([magic]) => start.startsWith(magic)) ??
    TEXTS.find(([pattern]) => pattern.test(start));
  if (known !== undefined) return known[1];
  return BASE64.test(start) ? ENCODED : undefined;
}
