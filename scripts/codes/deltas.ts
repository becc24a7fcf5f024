import type { Texts } from "./explained.ts";

/** Bundles of which a part stayed behind, and what they are compared with. */
export const deltas = {
  BASE_JOINED: {
    severity: "info",
    means:
      "A delta and a bundle that `--base` names were read as one; every blob was compared with the list.",
    advice: "Nothing.",
  },
  BASE_MISSING: {
    ends: "refused",
    means:
      "A delta was to be pushed, and the registry has not all of what it leaves out; or to be signed or packed from, which takes the whole bundle. Nothing was sent.",
    advice:
      "Push the bundle that is named first, or name its file with `--base`; `dray unpack --base` makes the whole bundle. For the next delta, `dray inventory` tells what is really there.",
  },
  BLOBS_LEFT_OUT: {
    severity: ["error", "info"],
    means:
      "The bundle is a delta: blobs that another bundle or a registry has are not in it, and nobody has seen them here. As an `error` they are needed for what was asked.",
    advice:
      "Name the bundle that has them with `--base`; then both are checked together. `dray push` needs no base: it asks its target.",
  },
  DELTA_INVALID: {
    ends: "refused",
    severity: "error",
    means: "`delta.json`, which says who has what a delta leaves out, is none, or of a newer dray.",
    advice: "Copy the bundle again, or update dray.",
  },
  INVENTORY_INCOMPLETE: {
    severity: "warning",
    means:
      "Something below a tag of the registry is not there or cannot be read, such as a blob that was deleted, or there is nothing under a name that was given: it is not in the inventory.",
    advice:
      "Nothing for the next delta, which brings it again. Pulling that image may fail meanwhile.",
  },
  INVENTORY_INVALID: {
    ends: "usage",
    means: "The file is not an inventory as `dray inventory` writes it, or is of a newer dray.",
    advice: "Name the file that `dray inventory REGISTRY -o FILE` has written, or update dray.",
  },
} satisfies Partial<Texts>;
