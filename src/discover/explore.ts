import { append } from "../content/append.ts";
import type { RenderedFile, RenderOptions } from "../helm/render/render.ts";
import type { BranchNode } from "../helm/template/ast.ts";
import { kindOf } from "../helm/template/value.ts";
import type { Branch } from "./branches.ts";
import { choiceSwitches, type Choice, type Turned } from "./choices.ts";
import { entryAsked, isReplaced, undoes, withEntry } from "./entries.ts";
import { renderTrial, type Rendered } from "./render-trial.ts";
import { formatSwitches, switchesFor, type Attempts, type Switch } from "./switches.ts";

/** Settings that are turned one after the other to reach one part. */
const MAX_ROUNDS = 4;

/** Renderings with other settings, of some files each. */
const MAX_TRIALS = 400;

/** Ways to reach one part. Where more than this could lead there, hardly any of them does alone. */
const MAX_WAYS = 12;

/** Settings that have a say in one name and are turned one after the other. */
const MAX_CHOICES = 2;

/** A rendering with other settings. */
export interface Trial {
  readonly files: readonly RenderedFile[];
  readonly options: RenderOptions;
  readonly switches: readonly Switch[];
}

export interface Exploration {
  /** Parts that speak of an image and that no setting tried got to run. */
  readonly unreached: readonly Branch[];
  /** Settings that could show more, and for which the budget did not last or which are too many. */
  readonly untried: readonly (readonly Switch[])[];
}

/** A part to reach or a name that could be another, and the settings that revealed it. */
interface Lead extends Turned {
  readonly wanted: Branch | Choice;
  /** Files as they were when it came to light. */
  readonly shown: readonly RenderedFile[];
}

interface Plan {
  readonly switches: readonly Switch[];
  readonly choices: number;
  readonly files: Set<string>;
  readonly shown: readonly RenderedFile[];
  /** The last key of the last setting, where a template has asked for it. */
  readonly entry?: string | undefined;
}

/**
 * Looks for the settings that bring the parts of templates to run that the values given leave out:
 * renders the files concerned again with each setting turned that a condition looks at, and goes on
 * from what that reveals.
 */
export async function explore(
  rendered: Rendered,
  onTrial: (trial: Trial) => Promise<void>,
): Promise<Exploration> {
  const explorer = new Explorer(rendered, onTrial);
  await explorer.run();
  return { unreached: rendered.coverage.unreached(), untried: explorer.untried };
}

class Explorer {
  readonly #untried = new Map<string, readonly Switch[]>();
  readonly #rendered: Rendered;
  readonly #onTrial: (trial: Trial) => Promise<void>;
  readonly #tried = new Set<string>();
  readonly #met = new Set<string>();
  readonly #ways = new Map<BranchNode, number>();

  constructor(rendered: Rendered, onTrial: (trial: Trial) => Promise<void>) {
    this.#rendered = rendered;
    this.#onTrial = onTrial;
  }

  /** Settings that could show more and were not turned. */
  get untried(): readonly (readonly Switch[])[] {
    return [...this.#untried.values()];
  }

  async run(): Promise<void> {
    let leads = this.#newLeads({ before: [], choices: 0, shown: [] });
    for (let round = 0; round < MAX_ROUNDS && leads.length > 0; round++) {
      const revealed = await this.#tryAll(leads, "single");
      leads = [...revealed, ...(await this.#tryAll(leads, "joint"))];
    }
  }

  /** Tries what could reach each part still open; gives back what came to light. */
  async #tryAll(leads: readonly Lead[], step: keyof Attempts): Promise<Lead[]> {
    const plans = new Map<string, Plan>();
    for (const lead of leads) {
      const { wanted, before, shown } = lead;
      const choices = lead.choices + ("file" in wanted ? 1 : 0);
      for (const switches of this.#attemptsFor(lead, step)) {
        const all = [...before.filter((one) => !isReplaced(one, switches)), ...switches];
        const key = keyOfAll(all);
        const plan = plans.get(key) ?? { switches: all, choices, files: new Set<string>(), shown };
        plans.set(key, plan);
        for (const file of "file" in wanted ? [wanted.file] : wanted.files) plan.files.add(file);
      }
    }
    const revealed: Lead[] = [];
    for (const [key, plan] of plans) append(revealed, (await this.#try(key, plan)) ?? []);
    return revealed;
  }

  #attemptsFor({ wanted, ...turned }: Lead, step: keyof Attempts): Attempts["single"] {
    const { coverage } = this.#rendered;
    if (turned.choices >= MAX_CHOICES) return [];
    const isNew = (switches: readonly Switch[]): boolean =>
      !switches.some((one) => undoes(one, turned.before));
    if ("file" in wanted) return this.#otherNames(wanted, turned)[step].filter(isNew);
    // Behind a first setting only what no rendering has shown at all is worth a second one.
    const isOpen =
      turned.before.length === 0 ? coverage.isOpen(wanted) : coverage.isUnreached(wanted);
    if (!isOpen) return [];
    const attempts = switchesFor(wanted, coverage.comparisons.of)[step].filter(isNew);
    return attempts.length < 2 || this.#mayTry(wanted.node, attempts.length) ? attempts : [];
  }

  #otherNames(wanted: Choice, turned: Turned): Attempts {
    const { untried, ...attempts } = choiceSwitches(
      wanted,
      turned,
      this.#rendered.coverage.comparisons.of,
    );
    for (const one of untried) {
      const key = keyOfAll(one);
      if (!this.#tried.has(key)) this.#untried.set(key, one);
    }
    return attempts;
  }

  /** Settings of a list each lead somewhere; one condition of many settings seldom does. */
  #mayTry(node: BranchNode, attempts: number): boolean {
    const ways = (this.#ways.get(node) ?? 0) + attempts;
    this.#ways.set(node, ways);
    return ways <= MAX_WAYS;
  }

  /** Undefined if nothing came of it: it was tried before, or its last setting has not the entry that a template asks for. */
  async #try(key: string, plan: Plan): Promise<Lead[] | undefined> {
    if (this.#tried.has(key)) return undefined;
    this.#tried.add(key);
    const { switches, choices, files: only, shown } = plan;
    if (this.#tried.size > MAX_TRIALS || this.#rendered.options.budget.spent) {
      this.#untried.set(key, switches);
      return undefined;
    }
    this.#untried.delete(key);
    const { coverage, options, root } = this.#rendered;
    const changed = { ...options, ...settings(options, switches), watcher: coverage.watch };
    const files = renderTrial(this.#rendered, changed, { only, shown });
    const asked = entryAsked(files);
    if (asked !== undefined && asked === plan.entry) return undefined;
    const inner = asked === undefined ? undefined : withEntry(switches, asked, root.values);
    const leads =
      inner && (await this.#try(keyOfAll(inner), { ...plan, switches: inner, entry: asked }));
    if (leads !== undefined) return leads;
    await this.#onTrial({ files, options: changed, switches });
    return this.#newLeads({ before: switches, choices, shown: files });
  }

  #newLeads(found: Omit<Lead, "wanted">): Lead[] {
    const { coverage } = this.#rendered;
    const all = [...coverage.open(), ...coverage.choices()];
    const fresh = all.filter(({ key }) => !this.#met.has(key));
    for (const { key } of fresh) this.#met.add(key);
    return fresh.map((wanted) => ({ wanted, ...found }));
  }
}

/** What fills a setting is told apart by its kind alone. */
function keyOfAll(switches: readonly Switch[]): string {
  const kinds = switches.map(({ value }) => kindOf(value)).join(" ");
  return `${formatSwitches(switches).join(" ")} (${kinds})`;
}

function settings(
  { cluster, overrides = [] }: RenderOptions,
  switches: readonly Switch[],
): Pick<RenderOptions, "cluster" | "overrides"> {
  const apis = switches.filter(({ source }) => source === "api").map(({ path }) => path.join(""));
  return {
    cluster: { ...cluster, apiVersions: [...(cluster.apiVersions ?? []), ...apis] },
    overrides: [...overrides, ...switches.filter(({ source }) => source === "values")],
  };
}
