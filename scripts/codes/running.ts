import type { Texts } from "./explained.ts";

/** The recipe, the lock, files, and the command itself. */
export const running = {
  DISK_FULL: {
    ends: "failed",
    means: "The disk, or your share of it, has too little room for what is to be written.",
    advice:
      "Make room, or choose other places with `-o`, `--store` and `--work-dir`. What `pack` had fetched lies in `NAME.partial`, and the next run goes on there.",
  },
  FILE_EXISTS: {
    ends: "usage",
    means: "What should be written is there already, and is not overwritten.",
    advice:
      "Choose another name, or remove it. `dray pack --force` replaces a bundle; keys are never replaced.",
  },
  FILE_NOT_FOUND: {
    ends: "usage",
    means: "There is no file or directory of this name, or it cannot be read.",
    advice:
      "Check the path; it counts from the directory in which the command runs, in `bundle.yaml` from its own.",
  },
  EXECUTABLE_LOST: {
    severity: "info",
    means:
      "Files of a folder that is packed are executable here, and on the other side they are plain files.",
    advice: "Name what is to be run there under `tools:` in `bundle.yaml`, or pack an archive.",
  },
  OUTPUT_LEFT_OUT: {
    severity: "info",
    means:
      "A folder that is packed holds what this command writes: its bundle, the sums of that, its lock. They are left out, so a second run packs the same as the first. A bundle that is called after its chart is refused instead.",
    advice: "Nothing. To carry such a file, name it by itself.",
  },
  PRIVATE_KEY_PACKED: {
    severity: "warning",
    means:
      "A folder that is packed holds private keys, encrypted or not. Bundles are signed and not secret: whoever has one can read all that is in it.",
    advice:
      "Move the keys out of the folder and pack again, unless the other side is to have them.",
  },
  FILE_REFUSED: {
    ends: "usage",
    means:
      "A file cannot travel along: it is none, or has a name that a system on the way cannot store or would strip as junk. A folder cannot: it is empty, has more than 10,000 files, or a link in it leads out of it.",
    advice:
      "Give a file another name with `as` in `bundle.yaml`; copy into a folder what its links lead to.",
  },
  FILE_TOO_LARGE: {
    ends: "failed",
    means: "The file system takes no file as large as this bundle; FAT32 ends at 4 GiB.",
    advice: "Write to another file system, such as exFAT, or write it elsewhere and split it.",
  },
  LOCK_INVALID: {
    ends: ["refused", "usage"],
    means: "The lock is not as `dray pack` writes it.",
    advice:
      "Take it from version control again, or pack once without `--locked` after you have removed it.",
  },
  LOCK_MISSING: {
    ends: "usage",
    means:
      "`--locked` is given, and the lock does not have an image or chart that the recipe names.",
    advice: "Pack once without `--locked`, where there is internet, and commit the new lock.",
  },
  LOCK_OUTDATED: {
    ends: "usage",
    means:
      "`--locked` is given, and a chart or its values are others than those whose images the lock lists, or the lock lists the images of a chart that the recipe does not name.",
    advice:
      "Pack once without `--locked`, look at what changed in the lock, and commit it; or go back to the chart and the values that were locked.",
  },
  NAME_UNSUPPORTED: {
    ends: "usage",
    means: "A file in the bundle would have a name that not every tar reads.",
    advice: "Give it a shorter or plainer name, in ASCII.",
  },
  OUTPUT_REFUSED: {
    ends: "usage",
    means:
      "A bundle, a lock, a receipt, a key or a directory cannot be written there: the folder is missing or cannot be written, a link leads there that others can have made, or, for a receipt, something else than a receipt has that name. It is noticed before anything is fetched or sent.",
    advice: "Name another file, in a folder of your own.",
  },
  INTERRUPTED: {
    ends: "interrupted",
    means: "Somebody ended the command with Ctrl-C, or the system did with SIGTERM or SIGHUP.",
    advice:
      "Run it again: `pack`, `copy` and `push` go on where they were stopped, the others begin anew.",
  },
  PACK_UNRESOLVED: {
    ends: ["refused", "failed"],
    means:
      "Some images or charts could not be had; the message lists all of them with the reasons. Nothing was packed.",
    advice:
      "Mend or leave out what is listed. For images that only charts ask for: `--chart-images none`.",
  },
  RECEIPT_INVALID: {
    ends: "usage",
    means: "The file is not a receipt as `dray push --receipt` writes it, or is of a newer dray.",
    advice: "Name the receipt of the push, or update dray.",
  },
  RECEIPT_OTHER_BUNDLE: {
    ends: "usage",
    means: "The receipt is of the push of another bundle than the one that is reported.",
    advice: "Name the receipt of a push of this very bundle; its digest stands in the receipt.",
  },
  RECIPE_AMBIGUOUS: {
    ends: "usage",
    means: "The recipe names one thing twice with two meanings, or two things by one name.",
    advice: "Leave one of them out, or give it another name.",
  },
  RECIPE_EMPTY: {
    ends: "usage",
    means: "There is nothing to be packed.",
    advice:
      "Name images, charts or files in a `bundle.yaml`, or with `--image`, `--chart`, `--file` and `--from`.",
  },
  RECIPE_INVALID: {
    ends: "usage",
    means: "The `bundle.yaml` is not as its schema wants it; the message names the places.",
    advice: "Compare it with `schema/bundle.schema.json`, which editors can check against.",
  },
  SYSTEM_REFUSED: {
    ends: ["usage", "failed"],
    means:
      "The system did not let a file or directory be made, written or looked at; the message says why.",
    advice: "Name a place that this account may use, on a file system that can be written to.",
  },
  TIME_UNSUPPORTED: {
    ends: "usage",
    means: "The time that the bundle would be dated with is before 1970 or after 2038.",
    advice: "Set `SOURCE_DATE_EPOCH` to another time, or set the clock of this host.",
  },
  UNEXPECTED: {
    ends: "failed",
    means: "There is a mistake in `dray` itself; the message shows where.",
    advice: "Report the whole text and the command.",
  },
  USAGE: {
    ends: "usage",
    means: "The command was given flags or arguments that do not go together.",
    advice: "Look at `dray COMMAND --help`.",
  },
} satisfies Partial<Texts>;
