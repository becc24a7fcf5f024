import type { Texts } from "./explained.ts";

/** Charts, the values for them, and where they are had from. */
export const charts = {
  CHART_AMBIGUOUS: {
    ends: "usage",
    means: "One set of values was given, and the bundle has several charts that it could be for.",
    advice: "Name the chart with `--chart NAME` or `--chart NAME:VERSION`.",
  },
  CHART_DEPENDENCY_MISSING: {
    ends: ["failed", "usage", "refused"],
    severity: "warning",
    means:
      "A chart depends on another that it does not hold, and that could not be had; the message says why.",
    advice: "Run `helm dependency build` where there is internet and pack the result.",
  },
  CHART_INCOMPLETE: {
    severity: "warning",
    means: "A packed chart does not hold what it depends on; Helm does not install it like that.",
    advice: "Have it packed again after `helm dependency build`.",
  },
  CHART_INVALID: {
    ends: ["refused", "failed"],
    severity: ["warning", "error"],
    means:
      "Something that should be a chart cannot be read as one, or is larger than charts are. A warning means that it travels as it is.",
    advice:
      "Run `helm lint` or `helm show chart` on it; what is no chart belongs under images or files.",
  },
  CHART_MISMATCH: {
    ends: "refused",
    means: "The chart that came is another than was asked for: name, version or digest differ.",
    advice: "Find out who changed it. If the new one is right, pack once without `--locked`.",
  },
  CHART_MISSING: {
    ends: "usage",
    means:
      "The bundle has no chart of that name, or none at all; the message lists those that it has.",
    advice: "Name one of these with `--chart`, or check another bundle.",
  },
  CHART_REFERENCE_INVALID: {
    ends: "usage",
    means: "A chart is not named as charts are.",
    advice:
      "Write a path, `oci://REGISTRY/PATH/CHART:VERSION` or `https://REPOSITORY#CHART:VERSION`.",
  },
  CHART_REPOSITORY_FAILED: {
    ends: "failed",
    means: "A chart repository answered with an error.",
    advice:
      "Check the address, it is the one that `helm repo add` takes, and whether it wants a login.",
  },
  CHART_REPOSITORY_INVALID: {
    ends: ["usage", "refused"],
    means:
      "The address of a chart repository cannot be used, or its `index.yaml` is not as it has to be.",
    advice:
      "Fetch the address with `/index.yaml` behind it, as with `curl`. Plain http wants `--plain-http`.",
  },
  CHART_REPOSITORY_UNKNOWN: {
    ends: "usage",
    means:
      "A chart names its repository as `@NAME`, and Helm's configuration on this host has none of that name.",
    advice: "Run `helm repo add NAME URL`, or write the address itself.",
  },
  CHART_VERSION_MISSING: {
    ends: "usage",
    means: "The chart has no version that fits what was asked for; the message names its newest.",
    advice:
      "Ask for another version or range. Prereleases count only where the range names one, such as `>0.0.0-0`.",
  },
  SET_INVALID: {
    ends: "usage",
    means: "A value after `--set` or `--set-string` is not written as Helm takes it.",
    advice: "Write `name=value,list[0].name=value`, and quote it for the shell.",
  },
  VALUES_INVALID: {
    ends: "refused",
    means:
      "A file of values is YAML and no table of names and values, or values have something else than a table under the name of a subchart, which Helm refuses.",
    advice:
      "Write `name: value` at its top level, and a subchart's settings below its name; `helm show values CHART` prints what a chart knows.",
  },
  VERSION_INVALID: {
    ends: "usage",
    means: "A version or a range of versions is not written as semantic versions are.",
    advice: "Write a version such as `1.4.0`, or a range such as `^1.4` or `>=1.4 <2`.",
  },
  YAML_INVALID: {
    ends: "refused",
    severity: "error",
    means: "A file is no YAML, or has more values or nests deeper than any of its kind.",
    advice: "Look at the line that the message names; indentation and tabs are the usual reasons.",
  },
} satisfies Partial<Texts>;
