import { formatReference, type Reference } from "../oci/reference.ts";
import { CustomResources } from "./custom-resources.ts";
import {
  compareImages,
  rankOf,
  type DiscoveredImage,
  type Evidence,
  type ImageClass,
  type Unknown,
} from "./discovery.ts";

/** More places for one image tell nobody more. */
const MAX_EVIDENCE = 40;

/** Joins what all sources find: each image once, with every place that speaks of it. */
export class Collector {
  readonly #images = new Map<string, { reference: Reference; evidence: Map<string, Evidence> }>();
  readonly #unknowns = new Map<string, Unknown>();
  /** Names without a tag, which count only where nothing else says more of the same repository. */
  readonly #loose: { readonly reference: Reference; readonly evidence: Evidence }[] = [];

  /** What is there for operators. */
  readonly resources = new CustomResources();
  /** Repositories whose tag depends on the cluster: what was assumed of it shows nothing. */
  readonly #varying = new Set<string>();

  /** `loose`: the reference is a name without a tag, in a place that may not mean the latest. */
  add(reference: Reference, evidence: Evidence, options: { loose?: boolean } = {}): void {
    if (this.#varying.has(nameOf(reference)) && evidence.source === "helm") return;
    const image = formatReference(reference);
    if (options.loose === true && !this.#images.has(image)) {
      this.#loose.push({ reference, evidence });
      return;
    }
    const entry = this.#images.get(image) ?? { reference, evidence: new Map<string, Evidence>() };
    this.#images.set(image, entry);
    if (entry.evidence.size < MAX_EVIDENCE || !this.has(image, evidence.class)) {
      keepSimplest(entry.evidence, evidence);
    }
  }

  /** An image whose tag changes with the version of the cluster. */
  addVarying(reference: Reference, { file, line }: Evidence, when: readonly string[]): void {
    const name = nameOf(reference);
    const suffix = when.length === 0 ? "" : ` (with ${when.join(", ")})`;
    this.#varying.add(name);
    this.unknown({
      code: "CLUSTER_VERSION",
      needed: when.length === 0,
      message: `the tag of ${name} depends on the version of the cluster${suffix}`,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
    });
  }

  /** Helm printed everything that these values ask for: what was not evaluated here lacks nothing. */
  settleRendering(): void {
    for (const [key, unknown] of this.#unknowns) {
      if (EVALUATION.has(unknown.code)) this.#unknowns.set(key, { ...unknown, needed: false });
    }
  }

  /** True if `image` is known to be of `wanted` class or a stronger one. */
  has(image: string, wanted: ImageClass): boolean {
    const evidence = this.#images.get(image)?.evidence.values() ?? [];
    return [...evidence].some((one) => rankOf(one.class) <= rankOf(wanted));
  }

  /** True if the tag of `registry/repository` depends on the cluster. */
  isVarying(name: string): boolean {
    return this.#varying.has(name);
  }

  /** True if the cluster's version is said to have a say in names. */
  get saysOfVersion(): boolean {
    return this.#varying.size > 0;
  }

  /** Every reference seen so far. */
  references(): Reference[] {
    return [...this.#images.values()].map(({ reference }) => reference);
  }

  unknown(unknown: Unknown): void {
    const key = `${unknown.code} ${unknown.file ?? ""}:${unknown.line ?? ""} ${unknown.message}`;
    const known = this.#unknowns.get(key);
    if (known === undefined || unknown.needed) this.#unknowns.set(key, unknown);
  }

  get unknowns(): Unknown[] {
    return [...this.#unknowns.values()].toSorted((a, b) => Number(b.needed) - Number(a.needed));
  }

  /** Lets in the names without a tag of which nothing more is known. */
  settleLoose(): void {
    const known = new Set(this.references().map(nameOf));
    for (const { reference, evidence } of this.#loose.splice(0)) {
      if (!known.has(nameOf(reference))) this.add(reference, evidence);
    }
  }

  images(): DiscoveredImage[] {
    return [...this.#images]
      .map(([image, { reference, evidence }]) => toImage(image, reference, [...evidence.values()]))
      .toSorted(compareImages);
  }
}

/** Of several ways to the same place the simplest counts. */
function keepSimplest(all: Map<string, Evidence>, evidence: Evidence): void {
  const { when = [], ...place } = evidence;
  const key = JSON.stringify(place);
  const known = all.get(key);
  if (known === undefined || (known.when ?? []).length > when.length) all.set(key, evidence);
}

/** What only the evaluation of the templates here leaves open. */
const EVALUATION: ReadonlySet<Unknown["code"]> = new Set([
  "TEMPLATE_NOT_EVALUATED",
  "VALUES_REFUSED",
  "IMAGE_NOT_DERIVED",
  "BUDGET_SPENT",
]);

function nameOf({ registry, repository }: Reference): string {
  return `${registry}/${repository}`;
}

function toImage(image: string, reference: Reference, all: readonly Evidence[]): DiscoveredImage {
  const evidence = all.toSorted((a, b) => rankOf(a.class) - rankOf(b.class));
  const best = evidence[0]?.class ?? "suspect";
  const strongest = evidence.filter((one) => one.class === best);
  // That the chart lists an image says less than a setting that turns it on.
  const telling = strongest.filter(({ source }) => source !== "annotation" && source !== "lock");
  const ways = (telling.length > 0 ? telling : strongest)
    .map((one) => one.when ?? [])
    .toSorted((a, b) => a.length - b.length);
  const distinct = new Map(ways.map((way) => [way.join("\n"), way]));
  const optionalBy = best === "optional" ? [...distinct.values()] : [];
  return { image, reference, class: best, optionalBy, evidence };
}
