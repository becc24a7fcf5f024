import type { Texts } from "./explained.ts";

/** The images that charts need, and what reading a chart could not tell. */
export const discovery = {
  BUDGET_SPENT: {
    severity: "warning",
    means:
      "The chart has more settings than are tried, and the message names those that were not: images that only they pull may be missing.",
    advice:
      "Give the values that you install it with: what they switch on is always looked at. How much is tried is counted and is the same on every machine.",
  },
  CLUSTER_VERSION: {
    severity: ["warning", "info"],
    means: "The tag of an image depends on the version of the cluster.",
    advice: "Say which version the cluster has: `--kube-version 1.34`.",
  },
  DEPENDENCY_MISSING: {
    severity: "warning",
    means:
      "The chart depends on another that it does not hold, so that the images of that one are not known.",
    advice: "Run `helm dependency build` where there is internet, and use the result.",
  },
  HELM_FAILED: {
    ends: "failed",
    severity: ["warning", "info"],
    means:
      "The helm program that was asked to render the chart ended with an error; the message is Helm's own.",
    advice: "Give the values that it asks for, or do without it: `--no-helm`.",
  },
  HELM_KILLED: {
    ends: "failed",
    means:
      "The helm program that was asked to render the chart did not end by itself: it took too long, or the system ended it.",
    advice: "Try again when the machine has less to do, or do without it: `--no-helm`.",
  },
  IMAGES_INCOMPLETE: {
    ends: "refused",
    means: "`--strict-images` is given, and images that a chart needs may have been missed.",
    advice:
      "Give the chart the values that it asks for, or let a helm program render it with `--helm`.",
  },
  IMAGES_NOT_FOUND: {
    ends: "failed",
    means: "A chart runs containers, and no image of theirs was found.",
    advice:
      "Give it the values that it asks for, or list its images and pack with `--chart-images none`.",
  },
  IMAGE_ELSEWHERE: {
    severity: "warning",
    means:
      "With these values the cluster would pull images from their source, and not from the registry that `--target` names.",
    advice:
      "Let `dray repoint` write the values that name your registry, or give the cluster a mirror for those registries.",
  },
  IMAGE_LIST_INVALID: {
    ends: "usage",
    means: "A list of images has lines that are no image, or none at all.",
    advice: "Write one image a line; `dray images --list` prints such a list.",
  },
  IMAGE_NOT_CARRIED: {
    severity: ["warning", "info"],
    means:
      "Values were found that point an image at the target, and the bundle does not have that image: the name says only where it would be.",
    advice:
      "Pack the image, or bring it to the target another way; `dray repoint --ask` asks whether it is there.",
  },
  IMAGE_NOT_DERIVED: {
    severity: ["warning", "info"],
    means: "Something runs an image whose name could not be read out of the chart.",
    advice:
      "Give the value that it comes from with `--values` or `--set`, or add the image to the list by hand.",
  },
  IMAGE_NOT_FOUND: {
    ends: "usage",
    means: "No image that was found has what `--why` or `--explain` names in its name.",
    advice: "Run `dray images` without `--why` and take a name that it lists.",
  },
  LOGIN_EXPIRES: {
    severity: "warning",
    means:
      "A secret for pulling is asked for, and the logins of this registry end after hours: Amazon's after twelve.",
    advice:
      "Let the nodes pull with an identity of their own and leave out `--pull-secret`, or see to it that something renews the secret.",
  },
  NODE_MIRROR_MISSING: {
    severity: "warning",
    means:
      "Nodes were to be led to the target, and this runtime takes over names as they are: with this map the images of one registry do not keep theirs behind one common prefix.",
    advice:
      "Move the image by a value, let a policy or `mapping.json` change its name, or push with `--map drop-host` or `--map keep-host`.",
  },
  NOT_EXPLORED: {
    severity: "info",
    means:
      "No setting that was tried reaches a part of a template that may name an image, or only a value of the installer's completes the name of one, or the release, an object of the cluster or the day of the installation does.",
    advice: "Look at the line: if your values reach it, give them with `--values`.",
  },
  CHART_DEPRECATED: {
    severity: "warning",
    means: "The chart says of itself that it is deprecated.",
    advice: "Look for its successor.",
  },
  CHART_PRERELEASE: {
    severity: "warning",
    means: "The version of the chart is a prerelease, which ranges leave out.",
    advice: "Take a release, if you did not mean this one.",
  },
  KUBE_VERSION: {
    severity: "warning",
    means:
      "The chart is not for the version of Kubernetes that it is read for, and Helm refuses it there.",
    advice:
      "Say which version the cluster has with `--kube-version`, or take another version of the chart.",
  },
  SCHEMA_NOT_CHECKED: {
    severity: "info",
    means:
      "The values were not checked against a `values.schema.json`: it refers to something elsewhere, which is not fetched, or is no schema.",
    advice: "Nothing, if Helm takes the values.",
  },
  TAG_LATEST: {
    severity: "info",
    means: "An image was named without a tag, or by `latest`: what that stands for changes.",
    advice: "Name a tag. The lock has the digest that was packed.",
  },
  VERSION_ASSUMED: {
    severity: "info",
    means: "Nobody has said which version the bundle is, and it became 0.0.0.",
    advice: "Say it with `--bundle-version`, or `version` in bundle.yaml.",
  },
  VALUE_UNUSED: {
    severity: "warning",
    means: "The values given have a name that no template reads.",
    advice: "Look for a misspelled name.",
  },
  CUSTOM_RESOURCE: {
    severity: ["warning", "info"],
    means:
      "The chart installs a custom resource that names no image, and its operator starts some for it. A note where it names one, where only another setting brings it in, or where somebody has settled it.",
    advice:
      "List those images by hand, from the operator's documents, or settle it with a reason: `--skip GROUP/KIND=REASON`, or `skip` in bundle.yaml.",
  },
  IMAGE_REPLACED: {
    severity: "warning",
    means: "At the registry the tag of an image stands for another digest than in the bundle.",
    advice:
      "Push the bundle there, or pack what the registry has, if that is what you want to run.",
  },
  IMAGE_SKIPPED: {
    severity: ["warning", "info"],
    means:
      "An image was left out on purpose when the bundle was packed, and the reason is given; a warning where a chart needs it.",
    advice: "Have it in the cluster another way, or pack again without that `skip`.",
  },
  SKIP_INVALID: {
    ends: "usage",
    means: "What `--skip` or `skip` says is no image or kind of custom resource with a reason.",
    advice: "Write `IMAGE=REASON` or `GROUP/KIND=REASON`.",
  },
  SKIP_UNUSED: {
    severity: "warning",
    means: "A `skip` leaves nothing out: no chart and no list asks for it.",
    advice: "Look for a misspelled name, or take the `skip` away.",
  },
  OPERATOR: {
    severity: "info",
    means:
      "The chart has an operator, which runs images for custom resources; where these name none, it takes one that it has in itself.",
    advice: "Look into the operator's documentation for its default images, and list them by hand.",
  },
  TEMPLATE_BUDGET: {
    ends: "refused",
    means:
      "A template takes more time, steps or text than rendering may. Commands report it as `TEMPLATE_NOT_EVALUATED`.",
    advice: "Let a helm program render the chart: `--helm PATH`.",
  },
  TEMPLATE_INVALID: {
    ends: "refused",
    means:
      "A template cannot be read or evaluated. Commands report it as `TEMPLATE_NOT_EVALUATED`.",
    advice: "Let a helm program render the chart: `--helm PATH`.",
  },
  TEMPLATE_NOT_EVALUATED: {
    severity: ["warning", "info"],
    means: "A template could not be evaluated: images that it names may have been missed.",
    advice:
      "Let a helm program render the chart: `--helm PATH`. Or look at the line and list its images by hand.",
  },
  VALUES_REFUSED: {
    severity: ["warning", "info"],
    means: "The chart itself refuses these values, with the message that is shown.",
    advice: "Give the values that it asks for with `--values` or `--set`.",
  },
} satisfies Partial<Texts>;
