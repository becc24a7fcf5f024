/**
 * What carriers add on the way: macOS, Windows and the removable media they format. None of it can
 * be part of a bundle.
 */
const JUNK_NAMES: ReadonlySet<string> = new Set(
  [
    "__MACOSX",
    ".DS_Store",
    ".Spotlight-V100",
    ".Trashes",
    ".fseventsd",
    ".TemporaryItems",
    ".DocumentRevisions-V100",
    ".VolumeIcon.icns",
    ".apdisk",
    "Icon\r",
    "Thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "System Volume Information",
    "$RECYCLE.BIN",
  ].map((name) => name.toLowerCase()),
);

/** Bytes that tell AppleDouble from a file that is only named like one. */
export const APPLE_DOUBLE_MAGIC: Uint8Array = Buffer.from([0x00, 0x05, 0x16, 0x07]);

/** True if some component of the path is junk whatever it holds. */
export function isJunkName(path: string): boolean {
  return path.split("/").some((part) => JUNK_NAMES.has(part.toLowerCase()));
}

/** True if the path may be AppleDouble: its first bytes decide. */
export function mayBeAppleDouble(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith("._");
}
