import type { Texts } from "./explained.ts";

/** The file that holds the bundle, and what carriers do to it. */
export const carrier = {
  ARCHIVE_AMBIGUOUS: {
    ends: "usage",
    means: "The directory or archive holds several archives, and any of them could be meant.",
    advice: "Take out the one that is meant and name it.",
  },
  ARCHIVE_DAMAGED: {
    ends: "refused",
    severity: "error",
    means: "The tar inside is not as a tar has to be; the message names the byte and the reason.",
    advice: "Copy the file again. If that changes nothing, pack it again where it was made.",
  },
  ARCHIVE_NESTED: {
    severity: "info",
    means: "The bundle lay alone in another archive, which was opened through.",
    advice: "Nothing: the bundle inside was checked like any other.",
  },
  ARCHIVE_UNREAD: {
    severity: "error",
    means:
      "A file is called an archive and cannot be read as one: there may be images in it. It is an error where the file lies in what was named, and a warning deeper inside.",
    advice: "Decompress it or get it again, or leave it out, if there is no image in it.",
  },
  ARCHIVE_TOO_DEEP: {
    ends: "refused",
    severity: "error",
    means: "More than 8 compressions and archives stand around one another.",
    advice: "Take some of them off and name what is inside.",
  },
  ARCHIVE_TOO_LARGE: {
    ends: "refused",
    severity: "error",
    means:
      "It would become more than a hundred times its size, or has more entries than any bundle: such archives are made to fill disks.",
    advice: "If you know what is in it, decompress it yourself and name what comes out.",
  },
  ARCHIVE_TRUNCATED: {
    ends: "refused",
    severity: "error",
    means: "The archive stops before its end: the copy broke off.",
    advice: "Copy the file again and compare its size with the one on the other side.",
  },
  ARCHIVE_UNKNOWN: {
    ends: "refused",
    severity: "error",
    means: "This is no archive of any kind that is known; an empty file and a pipe count too.",
    advice:
      "Check that it is the right file. What comes through a pipe has to be written to a file.",
  },
  ARCHIVE_UNSUPPORTED: {
    ends: "refused",
    severity: "error",
    means: "This is an archive of a kind, or with an option, that is not read here.",
    advice:
      "Unpack or decompress it with the program that the hint names, and name what comes out.",
  },
  CARRIER_ONE_PASS: {
    ends: "refused",
    severity: "error",
    means:
      "The bundle was compressed again, and its documents are more than are kept in memory while it is read once.",
    advice: "Decompress it with `gunzip` or `zstd -d` and name the tar.",
  },
  ENTRY_DUPLICATE: {
    severity: "error",
    means: "Two entries have one name, or names that some file system takes for one.",
    advice:
      "Use none of it: no bundle is written so. Ask for it again and find out who changed it.",
  },
  ENTRY_NAME_REFUSED: {
    severity: "error",
    means:
      "An entry has a name that is not safe: absolute, with `..`, with a backslash or a control character, or too long.",
    advice:
      "Use none of it: no bundle is written so. Ask for it again and find out who changed it.",
  },
  ENTRY_REBUILT: {
    severity: "info",
    means: "`index.json` or `oci-layout` was lost, and was made again exactly as the list says.",
    advice:
      "Nothing; `dray unpack --repair` writes a clean copy. Do not unpack bundles with `--strip-components`.",
  },
  ENTRY_TYPE_REFUSED: {
    severity: "error",
    means: "An entry is a link, a device or something else that is no regular file.",
    advice: "Use none of it: no bundle holds any. Ask for it again and find out who added it.",
  },
  EXTRA_LEFT_OUT: {
    severity: "info",
    means: "`--repair` has left out files that the list of contents does not name.",
    advice: "Nothing, if you know where they came from.",
  },
  FILE_CHANGED: {
    ends: ["refused", "failed"],
    severity: "error",
    means: "A file got another size while it was read, or another run writes to the same name.",
    advice: "Wait until whatever writes there has ended, and run the command again.",
  },
  MEDIUM_ALTERED: {
    ends: "refused",
    means: "What was written was read back from its medium, and is not what was written.",
    advice: "Take another medium: this one does not keep what is written to it.",
  },
  MEDIUM_FAILED: {
    ends: "failed",
    means:
      "A medium failed while it was written to or read; which one it is stands in the message.",
    advice: "Take another medium, or look at how it is connected.",
  },
  FILE_PART: {
    ends: "refused",
    severity: "error",
    means: "This is a later part of a bundle that was split, under a name that does not say so.",
    advice:
      "Put all parts into one folder, under the names that they were written with, and name that.",
  },
  FILE_TRUNCATED: {
    ends: "refused",
    severity: "error",
    means: "The file ended while it was read, though it was longer when it was opened.",
    advice: "Copy it again, and let nothing write to it meanwhile.",
  },
  FILE_UNREADABLE: {
    ends: "refused",
    severity: "error",
    means:
      "The system does not let a file of the bundle be read: no right to, or an error of the medium.",
    advice:
      "For `EACCES` or `EPERM`: `chmod -R u+rX DIR`. For `EIO` the medium is damaged: copy the bundle to another one.",
  },
  FILE_ZEROED: {
    ends: "refused",
    severity: "error",
    means:
      "From the named byte on there are only zeros: the medium was pulled before the copy was through.",
    advice: "Copy the file again, and eject the medium before it is pulled.",
  },
  FOLDER_ADDED: {
    severity: "info",
    means: "The bundle lies in a folder that was put around it on the way.",
    advice: "Nothing.",
  },
  FRAMING_DAMAGED: {
    ends: "refused",
    severity: "error",
    means:
      "Bytes of the `.tar.gz` changed after it was written; the message says where and which entries that concerns.",
    advice:
      "Copy the file again. Compare its SHA-256 with the file digest that `dray pack` has printed.",
  },
  GZIP_DAMAGED: {
    ends: "refused",
    severity: "error",
    means: "A gzip cannot be decompressed: it was cut or changed on the way.",
    advice: "Copy the file again.",
  },
  JUNK_STRIPPED: {
    severity: "info",
    means: "Files that carriers add, such as `__MACOSX`, `._*` and `.DS_Store`, were left out.",
    advice: "Nothing.",
  },
  LINE_ENDS_CHANGED: {
    severity: ["info", "error"],
    means:
      "A file was carried as text, and every LF in it became CR LF. As `info` it was undone and the list proves it; as an `error` the file is too large for that.",
    advice:
      "For an error copy the bundle again as binary, best as the one file that `dray pack` wrote.",
  },
  LIST_DIFFERS: {
    severity: "warning",
    means:
      "The `.sha256` that was named has another sum for a file beside it: it is of another bundle, or the file changed. Nobody signs that list, so the signed one inside the bundle decides.",
    advice: "Take the list that was written with the file; `dray pack` and `dray split` write one.",
  },
  NAME_CHANGED: {
    severity: "info",
    means:
      "Files lost their names on the way (cut, or in another case) and were known by their content.",
    advice: "Nothing; `dray unpack --repair` writes a clean copy.",
  },
  WORK_DIRECTORY_UNUSABLE: {
    ends: "usage",
    means: "What has to be decompressed first needs a directory to write into, and this is none.",
    advice: "Name another place with `--work-dir` or `DRAY_WORK_DIR`.",
  },
  ZIP_DAMAGED: {
    ends: "refused",
    severity: "error",
    means: "A zip cannot be read: it was cut or changed, or says two things about itself.",
    advice: "Copy the file again.",
  },
  ZSTD_DAMAGED: {
    ends: "refused",
    severity: "error",
    means: "A zstd cannot be decompressed: it was cut or changed on the way.",
    advice: "Copy the file again.",
  },
} satisfies Partial<Texts>;
