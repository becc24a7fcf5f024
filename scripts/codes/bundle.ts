import type { Texts } from "./explained.ts";

/** What a bundle holds, and whether that fits together. */
export const bundle = {
  BLOBS_DECOMPRESSED: {
    severity: "error",
    means:
      "A plain tar is where the list has a compressed layer or chart: a browser or proxy decompressed it.",
    advice: "Carry the bundle as the one file, past whatever unpacks downloads.",
  },
  BLOB_DIGEST: {
    severity: "error",
    means: "The content of a blob does not have the digest that is its name.",
    advice: "Do not use the bundle. Copy it again from where it was made.",
  },
  BLOB_MISSING: {
    ends: "refused",
    severity: "error",
    means: "An image or chart needs a blob that is not there.",
    advice: "Copy the bundle again. If it lacks the blob there too, pack it again.",
  },
  BLOB_SIZE: {
    severity: "error",
    means: "A blob has another size than the manifest says that needs it.",
    advice: "Copy the bundle again from where it was made.",
  },
  BLOB_UNREFERENCED: {
    severity: ["error", "warning"],
    means:
      "A blob is there that nothing needs. In a bundle that is an error; of what others have packed it is left out.",
    advice: "In a bundle: find out who changed it, and ask for it again. Else nothing.",
  },
  BLOB_UNSUPPORTED: {
    severity: "error",
    means:
      "A blob is named by a digest algorithm that cannot be verified here: only SHA-256 and SHA-512 can.",
    advice: "Ask for a bundle that was packed with `dray pack`, which writes no other.",
  },
  BUNDLES_MIXED: {
    severity: "error",
    means:
      "Whole blobs of another bundle lie among those of this one: two were unpacked into one directory.",
    advice:
      "Unpack each into a directory of its own, or take one out with `dray unpack --repair BUNDLE DIR`.",
  },
  BUNDLES_SEVERAL: {
    severity: "error",
    means: "Several folders hold a bundle each.",
    advice: "Name the folder of one of them; unpack first what is an archive.",
  },
  BUNDLE_AMBIGUOUS: {
    ends: "usage",
    means:
      "Two files would have one name in the bundle, or names that some file system takes for one.",
    advice: "Rename one of them. Two charts of one name and version need two bundles.",
  },
  BUNDLE_FOREIGN: {
    ends: "usage",
    means: "Others have made this, and it has no list of contents that could be signed.",
    advice: "Make a bundle of it: `dray pack --from PATH --sign-key KEY`.",
  },
  BUNDLE_INVALID: {
    ends: "refused",
    severity: "error",
    means: "`bundle.json` is not as its format wants it; the message names the places.",
    advice: "Ask for the bundle again. A newer `dray` may have made it: compare the versions.",
  },
  BUNDLE_EMPTY: {
    severity: "error",
    means: "There is nothing in it: no image, no chart and no file.",
    advice: "Save or pack it again, and look at what the tool that does it says.",
  },
  BUNDLE_MISMATCH: {
    severity: "error",
    means: "`bundle.json`, the layout and the files say different things.",
    advice: "Do not use the bundle: `dray pack` writes no such thing. Ask for it again.",
  },
  BUNDLE_OLDER: {
    ends: "refused",
    severity: "warning",
    means:
      "Under the receipt that is there a newer bundle of this name was pushed before, or one of which nothing says that it is older. It is a warning without `--no-rollback`.",
    advice:
      "Ask for the newest bundle. To go back on purpose, leave out `--no-rollback`. A receipt in another place begins anew.",
  },
  BUNDLE_REFUSED: {
    ends: "refused",
    means:
      "The bundle is not trusted, damaged or incomplete; its findings, each with a code of its own, say why.",
    advice:
      "Look the codes of the findings up here, errors first. `dray verify` shows all of them.",
  },
  CHART_NAME_CONFLICT: {
    severity: "warning",
    means: "A packed chart calls itself something else than `bundle.json` does.",
    advice: "Ask whoever packed it which is right: Helm goes by the chart's own name and version.",
  },
  CHART_NAME_LOWERED: {
    severity: "warning",
    means:
      "A chart has capitals in its name, which no registry takes: `push` writes it in lower case.",
    advice:
      "Pull it under that name, or give it one with a rule in `--map-file`: `from: charts/NAME`, for a chart of a registry its repository there.",
  },
  CHART_UNREADABLE: {
    severity: "warning",
    means:
      "An artifact in a layout says that it is a Helm chart and cannot be read as one. It travels byte for byte, and nothing is known of the images that it pulls.",
    advice: "Ask whoever made it whether Helm can install it.",
  },
  ENTRY_ALTERED: {
    ends: "refused",
    severity: "error",
    means:
      "The content of a file is not what the list of contents says: it was changed after it was packed.",
    advice:
      "Do not use the bundle. Copy it again, and if that changes nothing find out who changed it.",
  },
  ENTRY_EXTRA: {
    severity: "error",
    means:
      "A file is there that the list of contents does not name: it was added after the bundle was made.",
    advice: "Find out who added it. `dray unpack --repair BUNDLE DIR` leaves it out.",
  },
  ENTRY_MISSING: {
    ends: "refused",
    severity: "error",
    means: "A file that the list of contents or another document names is not there.",
    advice: "Copy the bundle again, as the one file. Was it unpacked with `--strip-components`?",
  },
  ENTRY_TOO_LARGE: {
    ends: "refused",
    severity: "error",
    means: "A document is larger than any of its kind.",
    advice:
      "Do not use it, and find out who made it: such documents are written to fill the memory.",
  },
  ENTRY_UNEXPECTED: {
    severity: "error",
    means:
      "The list names a file that has no place in a bundle: a newer dray has made it, or it was made by hand.",
    advice: "Update dray on this side. If it is new, ask whoever signed the bundle.",
  },
  SUMS_INVALID: {
    ends: "refused",
    severity: "error",
    means:
      "`SHA256SUMS` is not as `dray` writes it: sorted, each path once and safe, with LF at its line ends.",
    advice:
      "Copy the bundle again as binary. Where others have packed it, ask them for another copy.",
  },
  SUMS_MISSING: {
    severity: "error",
    means:
      "There is no `SHA256SUMS`: this is no bundle of `dray`, or its top-level files or their names were lost.",
    advice:
      "Carry the bundle as the one file and unpack it without `--strip-components`. The hint says what it looks like.",
  },
} satisfies Partial<Texts>;
