import type { Texts } from "./explained.ts";

/** Images, and the documents that describe them. */
export const images = {
  CONFIG_INVALID: {
    ends: "refused",
    severity: "error",
    means: "The config of an image is not as the image specification wants it.",
    advice: "Build and push the image again with a current tool.",
  },
  CONTENT_MISMATCH: {
    ends: ["refused", "failed"],
    severity: "error",
    means: "Content that was read has another size or digest than it should have.",
    advice:
      "Run the command again. If it stays so, the registry or the medium gives out what is damaged: ask whoever runs it.",
  },
  CONTENT_TOO_LARGE: {
    ends: "refused",
    severity: "error",
    means: "A manifest, config or chart is larger than any of its kind.",
    advice:
      "Leave it out, and find out who made it: such documents are written to fill the memory.",
  },
  DIGEST_INVALID: {
    ends: "failed",
    severity: "error",
    means:
      "A digest is not written as digests are: `sha256:` and 64, or `sha512:` and 128, lower-case hexadecimal characters.",
    advice:
      "Copy the whole digest from where you have it. If it stands in a document, that is damaged.",
  },
  DIGEST_UNSUPPORTED: {
    ends: "failed",
    severity: "error",
    means:
      "A digest is of an algorithm that cannot be verified here: only SHA-256 and SHA-512 can.",
    advice: "Push the image again with a tool that uses SHA-256.",
  },
  REFERRERS_UNKNOWN: {
    severity: "warning",
    means:
      "A registry could not be asked, or not be read, for what refers to an image: signatures, attestations or lists of contents of it may be missing. Or a list in an archive names some that are not in it.",
    advice:
      "Look at the reason, and pack again. `referrers: none` in bundle.yaml asks for nothing of the kind.",
  },
  IMAGE_UNUSABLE: {
    ends: "refused",
    means:
      "An image cannot be packed: what its registry gives out for it does not hold; the message says what.",
    advice: "Push the image to its registry again, or leave it out.",
  },
  INDEX_TOO_DEEP: {
    severity: "error",
    means: "More than 8 indexes stand inside one another, beyond any need.",
    advice: "Leave the image out, or build it again.",
  },
  JSON_INVALID: {
    ends: "refused",
    severity: "error",
    means:
      "A document is no JSON, nests too deep, or has one name twice, which two readers would read in two ways.",
    advice:
      "If the file was copied, copy it again. Else have it written again by the program that made it.",
  },
  JSON_TOO_LARGE: {
    ends: "refused",
    severity: "error",
    means: "A JSON document is larger than any of its kind.",
    advice:
      "Leave it out, and find out who made it: such documents are written to fill the memory.",
  },
  LAYER_NOT_DISTRIBUTABLE: {
    ends: "failed",
    severity: ["warning", "error"],
    means:
      "A layer has a license that keeps it out of other registries, as base layers of Windows have.",
    advice:
      "If you may carry it, pack with `--include-nondistributable`. Once it is in a bundle, this is only a warning.",
  },
  LAYOUT_INVALID: {
    ends: ["refused", "usage"],
    severity: "error",
    means:
      "A directory or file is no OCI image layout of version 1.0.0, or its `index.json` is not as it has to be.",
    advice:
      "Check the path. If it should be a layout, copy all of it again, with `oci-layout` and `index.json`.",
  },
  MANIFEST_AMBIGUOUS: {
    ends: "refused",
    severity: "error",
    means:
      "A document is an image manifest and an index at once, or has a name in other letters: two readers would see two images.",
    advice: "Do not use the image, and find out who made it: no build tool writes this.",
  },
  MANIFEST_INVALID: {
    ends: "refused",
    severity: "error",
    means: "A manifest is not as the image specification wants it; the message names the places.",
    advice: "Build and push the image again with a current tool.",
  },
  MANIFEST_UNSUPPORTED: {
    ends: "refused",
    severity: "error",
    means:
      "A manifest is of a kind that is not carried: Docker's schema 1, something that is no image, or indexes too deep in one another.",
    advice: "Push the image again with a current tool, or leave it out.",
  },
  MEDIA_TYPE_CONFLICT: {
    severity: "warning",
    means:
      "A manifest is announced as one type and says itself that it is another; its own word counts.",
    advice: "Nothing here. Some runtimes refuse such an image: build it again if yours does.",
  },
  PLATFORM_INVALID: {
    ends: "usage",
    means: "A platform is not written as platforms are.",
    advice:
      "Write `os/architecture` or `os/architecture/variant`, such as `linux/amd64` or `linux/arm/v7`.",
  },
  PLATFORM_MISSING: {
    ends: ["usage", "refused"],
    means:
      "An image does not have one of the platforms that were asked for; the message lists those that it has. Or a Docker archive, which has room for one, was asked for without saying which.",
    advice:
      "Ask for other platforms, or give this image its own `platforms` in `bundle.yaml`. With `unpack --as`: name that of the nodes by `--platform`.",
  },
  PLATFORM_PINNED: {
    ends: "usage",
    means: "The image is pinned by digest, and leaving platforms out would change that digest.",
    advice: "Pack all its platforms, or pin the digest of the one platform.",
  },
  REFERENCE_INVALID: {
    ends: "usage",
    means:
      "The name of an image or registry is not written as such names are; the message says which part.",
    advice:
      "Write `registry/repository:tag` or `registry/repository@sha256:…`, without a scheme and without placeholders.",
  },
  ROOT_UNSUPPORTED: {
    severity: ["error", "warning"],
    means:
      "An `index.json` names something that is no image manifest and no index. In a layout of others it is left out.",
    advice: "In a bundle: do not use it, `dray pack` writes no such thing. Else nothing.",
  },
  SUBJECT_MISSING: {
    severity: "warning",
    means:
      "An artifact, such as a signature or an SBOM, refers to an image that is not in the bundle.",
    advice: "Pack the image with it if the artifact is to be of use on the other side.",
  },
} satisfies Partial<Texts>;
