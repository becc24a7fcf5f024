import type { Finding } from "../finding.ts";
import type { Release } from "../helm/render/built-in-objects.ts";
import type { Cluster } from "../helm/render/capabilities.ts";
import type { BudgetLimits } from "../helm/template/budget.ts";
import type { Dict } from "../helm/template/value.ts";
import type { Reference } from "../oci/reference.ts";

export interface DiscoverOptions extends Cluster, Release {
  /** Values on top of the chart's own; the images of several sets are joined. @default one empty set */
  readonly values?: readonly Dict[] | undefined;
  /** By `group/Kind` of a custom resource: the user's word on what is started for it. */
  readonly settled?: ReadonlyMap<string, string> | undefined;
  /** Path of a Helm program (`defaults().helm()`), whose renderings are one more source. @default none is run */
  readonly helm?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What evaluating the templates may use, for each set of values. */
  readonly limits?: BudgetLimits | undefined;
}

/**
 * What is known of an image. `needed`: these values pull it · `hook`: a job pulls it before or after
 * the install · `optional`: another setting pulls it · `suspect`: it looks like one, nothing proves it.
 */
export type ImageClass = "needed" | "hook" | "optional" | "suspect";

/** From the strongest to the weakest. */
const IMAGE_CLASSES: readonly ImageClass[] = ["needed", "hook", "optional", "suspect"];

/** 0 for the strongest. */
export function rankOf(one: ImageClass): number {
  return IMAGE_CLASSES.indexOf(one);
}

/** What showed an image. */
export type EvidenceSource =
  /** An object that the templates print. */
  | "rendering"
  /** An object that `helm template` prints. */
  | "helm"
  /** A literal in a template, or what a part of it prints that no rendering reached. */
  | "template"
  /** A table or text in the values. */
  | "values"
  /** An annotation of Chart.yaml. */
  | "annotation"
  /** An `Images.lock` in the chart, or the lock of an earlier run. */
  | "lock"
  /** The default of a field of a custom resource. */
  | "definition";

export interface Evidence {
  readonly source: EvidenceSource;
  /** What this place alone is worth; values that a rendering uses prove nothing by themselves. */
  readonly class: ImageClass;
  /** Name and version of the chart, where several are looked at. */
  readonly chart?: string;
  /** The file below the chart's directory, `charts/grafana/values.yaml`. */
  readonly file?: string;
  readonly line?: number;
  /** `grafana.image.repository` */
  readonly valuesPath?: string;
  /** The object that names it, `Deployment/grafana`. */
  readonly object?: string;
  /** Where in the object: `container grafana`, `argument --image`. */
  readonly where?: string;
  /** Helm's names of the hook, `pre-install`. */
  readonly hooks?: readonly string[];
  /** Settings that turn it on, `grafana.enabled=true`. */
  readonly when?: readonly string[];
}

/** What `evidence` is worth with these settings instead of the values given. */
export function withSettings(evidence: Evidence, settings: readonly string[]): Evidence {
  if (settings.length === 0) return evidence;
  const weaker = evidence.class === "suspect" ? "suspect" : "optional";
  return { ...evidence, class: weaker, when: [...settings, ...(evidence.when ?? [])] };
}

export interface DiscoveredImage {
  /** As `formatReference` writes it. */
  readonly image: string;
  readonly reference: Reference;
  readonly class: ImageClass;
  /** For an optional image: each way to turn it on, the simplest first. */
  readonly optionalBy: readonly (readonly string[])[];
  /** The strongest first. */
  readonly evidence: readonly Evidence[];
}

/** True for what must be there before an installation with these values succeeds. */
export function isNeeded(image: Pick<DiscoveredImage, "class">): boolean {
  return image.class === "needed" || image.class === "hook";
}

/** The strongest class first, then by name. */
export function compareImages(a: DiscoveredImage, b: DiscoveredImage): number {
  return rankOf(a.class) - rankOf(b.class) || (a.image < b.image ? -1 : 1);
}

/** Something that the chart needs or may need and that reading it could not tell. */
export interface Unknown {
  readonly code:
    | "TEMPLATE_NOT_EVALUATED"
    | "VALUES_REFUSED"
    | "IMAGE_NOT_DERIVED"
    | "CLUSTER_VERSION"
    | "DEPENDENCY_MISSING"
    | "NOT_EXPLORED"
    | "CHART_DEPRECATED"
    | "CHART_PRERELEASE"
    | "CUSTOM_RESOURCE"
    | "KUBE_VERSION"
    | "SCHEMA_NOT_CHECKED"
    | "VALUE_UNUSED"
    | "OPERATOR"
    | "BUDGET_SPENT"
    | "HELM_FAILED";
  /** True if an image that these values pull may be missing from the result because of it. */
  readonly needed: boolean;
  readonly message: string;
  /** It is to be known whatever becomes of the images. */
  readonly isRemark?: boolean;
  /** `group/Kind` of a custom resource. */
  readonly kind?: string;
  /** What the user has said of that kind, which settles it. */
  readonly word?: string;
  readonly file?: string;
  readonly line?: number;
}

export interface Discovery {
  readonly chart: { readonly name: string; readonly version: string; readonly appVersion: string };
  /** Each image once, needed ones first, then by name. */
  readonly images: readonly DiscoveredImage[];
  readonly unknowns: readonly Unknown[];
  /** True if nothing stood in the way of finding every image that these values pull. */
  readonly complete: boolean;
}

const HINTS: Partial<Record<Unknown["code"], string>> = {
  BUDGET_SPENT: "Give the values that you install with: what they switch on is always looked at.",
  VALUE_UNUSED: "Look for a misspelled name.",
  KUBE_VERSION: "Helm refuses it there. Say which version the cluster has with --kube-version.",
  CLUSTER_VERSION: "Say which version the cluster has with --kube-version.",
  VALUES_REFUSED: "Give the values that it asks for with --values or --set.",
};

/** What only those need to be told who have not settled it. */
const RESOURCE_HINT =
  "List those images by hand, from the operator's documents, or settle it with a reason: --skip GROUP/KIND=REASON, or `skip` in bundle.yaml.";

/** The unknowns as findings: what may lack a needed image is a warning, and so is a search cut short. */
export function toFinding({ code, needed, isRemark, message, file, line }: Unknown): Finding {
  const entry = file === undefined ? undefined : line === undefined ? file : `${file}:${line}`;
  const hint = code === "CUSTOM_RESOURCE" && needed ? RESOURCE_HINT : HINTS[code];
  return {
    code,
    severity: needed || isRemark === true || code === "BUDGET_SPENT" ? "warning" : "info",
    message,
    ...(entry === undefined ? {} : { entry }),
    ...(hint === undefined ? {} : { hint }),
  };
}
