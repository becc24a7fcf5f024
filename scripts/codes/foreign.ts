import type { Texts } from "./explained.ts";

/** What others have packed: layouts, archives of Docker, bundles of other tools. */
export const foreign = {
  DIGEST_NEW: {
    severity: "info",
    means:
      "An image gets a digest that it did not have in its registry: what it was packed in does not keep the old one.",
    advice:
      "Name it by tag or by the new digest. To keep digests, save it as an OCI layout instead.",
  },
  DOCKER_IMAGE_INVALID: {
    ends: "refused",
    severity: "error",
    means:
      "An image in an archive of `docker save` does not fit together: layers, config and image id disagree.",
    advice: "Copy the archive again, or save the image again.",
  },
  DOCKER_MANIFEST_EMPTY: {
    severity: "error",
    means: "The `manifest.json` of an archive of `docker save` names no image.",
    advice: "Save again, and name at least one image.",
  },
  DOCKER_MANIFEST_INVALID: {
    ends: "refused",
    severity: "error",
    means: "The `manifest.json` of an archive is not as `docker save` writes it.",
    advice: "Copy the archive again, or save the image again.",
  },
  FILE_LEFT_OUT: {
    severity: "info",
    means: "Files that are no image and no chart are not taken along.",
    advice: "Nothing. What is needed all the same can be packed with `--file`.",
  },
  FOREIGN_BUNDLE: {
    severity: "info",
    means: "Others have made this, and nobody has signed it for `dray`.",
    advice:
      "`--allow-unsigned` takes it as it is; `dray pack --from PATH` makes a signed bundle of it.",
  },
  FROM_UNKNOWN: {
    ends: "refused",
    means:
      "What `--from` names is no image layout, no archive of `docker save` and no bundle of another tool that is known.",
    advice:
      "Pack a chart with `--chart` and any other file with `--file`. `docs/foreign-bundles.md` lists what is read.",
  },
  IMGPKG_INVALID: {
    ends: "refused",
    severity: "error",
    means:
      "The table of an archive of `imgpkg` is not as it writes it, or holds a text that has another digest than it says.",
    advice: "Copy the archive again, or write it again with `imgpkg copy --to-tar`.",
  },
  INDEX_SPARSE: {
    severity: "error",
    means:
      "An index is there and only a part of its images: the tool that saved it took one platform.",
    advice:
      "Save it again with all platforms, or take one whole platform, which has a digest of its own, with `--platform`.",
  },
  LAYOUT_INDEX_MISSING: {
    severity: "error",
    means: "An image layout has lost its `index.json`, and nobody can tell what its blobs are.",
    advice: "Copy or unpack the whole layout again, without `--strip-components`.",
  },
  LAYOUT_MARKER_MISSING: {
    severity: "error",
    means: "An image layout has lost its `oci-layout` file.",
    advice: `Copy it again, or put the file back: \`echo '{"imageLayoutVersion":"1.0.0"}' > oci-layout\`.`,
  },
  LINK_REFUSED: {
    ends: "refused",
    severity: "error",
    means: "A link in an archive leads out of it, to nothing, or over more than 8 others.",
    advice:
      "Do not use the archive before you know who made it. `docker save` writes no such link.",
  },
  NAME_AMBIGUOUS: {
    severity: "error",
    means: "One name stands for two different images.",
    advice: "Give one of them another name: `--rename DIGEST=REGISTRY/REPOSITORY:TAG`.",
  },
  NAME_HOST_LOST: {
    severity: "warning",
    means:
      "The names of images do not say which registry they came from; the message names a stand-in for it.",
    advice: "Name those by `--rename` whose registry matters on the other side.",
  },
  NAME_INVALID: {
    ends: "usage",
    means: "A name for an image of others is not written as such names are.",
    advice:
      "Write `--rename DIGEST=REFERENCE`, such as `sha256:…=registry.example.com/team/app:1.0`.",
  },
  NAME_MISSING: {
    severity: ["error", "warning"],
    means: "An image of others has no name that says a repository. To be packed it needs one.",
    advice: "Name it: `--rename DIGEST=REGISTRY/REPOSITORY:TAG`. `dray inspect` lists the digests.",
  },
  NAME_PINNED: {
    severity: "error",
    means: "An image is named with a digest, and what is there has another one.",
    advice: "Name it without a digest, or get it as an OCI layout, which keeps digests.",
  },
  NAME_UNUSED: {
    ends: "usage",
    means: "`--rename` names a digest of which there is no image.",
    advice: "Compare it with the digests that `dray inspect` lists.",
  },
  PACKAGE_DIFFERENTIAL: {
    severity: "warning",
    means: "This Zarf package is differential: images that an earlier version had are not in it.",
    advice: "Check that the earlier version is on the other side, or have the whole package made.",
  },
  PARTS_APART: {
    severity: "error",
    means:
      "Parts of something lie beside the whole, or inside an archive, where they cannot be read as one.",
    advice:
      "Name the whole, or join the parts with the line that the message gives and name what comes of it.",
  },
  PARTS_MIXED: {
    ends: "refused",
    severity: "error",
    means: "Two parts of one number, or two lists of sums, are not alike: they are of two bundles.",
    advice: "Take the parts of one bundle, with its list, and leave the others.",
  },
  PART_ALONE: {
    ends: "refused",
    means:
      "What was named is one part of something that was cut into several, and no other part is there.",
    advice:
      "Put all parts into one folder and name that, or name the folders of the others with `--parts`.",
  },
  PART_DAMAGED: {
    ends: "refused",
    severity: "error",
    means: "A part of something that was cut into several changed on the way; its number is said.",
    advice:
      "Carry that part again, and no other: `dray split BUNDLE --size SIZE --part NUMBER` writes it once more.",
  },
  PART_MISPLACED: {
    ends: "refused",
    severity: "error",
    means:
      "A part does not hold what belongs in its place: it is there twice, was cut short, or is of another bundle.",
    advice: "Carry the part that is named again, and no other.",
  },
  PART_MISSING: {
    ends: "refused",
    severity: "error",
    means:
      "A part of something that was cut, or an archive of a set that counts only as a whole, is not there.",
    advice: "Carry that one over too, and put it to the others, or name its folder with `--parts`.",
  },
  SIGNATURE_NOT_CHECKED: {
    severity: "warning",
    means: "The package of another tool has a signature that `dray` does not check.",
    advice: "Check it with that tool, for Zarf with `zarf package verify`, before you trust it.",
  },
} satisfies Partial<Texts>;
