import { textOf } from "../chart/chart.ts";
import { PLACEHOLDER } from "../discover/switches.ts";
import type { TemplateFile } from "../helm/render/template-set.ts";
import type { Dict } from "../helm/template/value.ts";
import type { ValuesPath } from "../helm/values/path.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import { keyOf, withEdits, type Edit } from "./edits.ts";
import { Leaves } from "./leaves.ts";
import type { TargetNames } from "./names.ts";
import type { Composed, Installation } from "./composer.ts";
import type { Renderer, Rendering } from "./rendering.ts";
import type { Setting } from "./noted-settings.ts";
import { Latest } from "./latest.ts";
import { reachedTexts } from "./reached-templates.ts";
import type { Spot } from "./spots.ts";

/** A spot and the name that its image is to have. */
export interface Goal extends Spot {
  readonly target: Reference;
}

/** The chart with certain settings, and the images in it that are to be moved. */
export class Scene {
  readonly #renderer: Renderer;
  readonly #installation: Installation;
  /** Settings beside those of the user, as a report shows them. */
  readonly when: readonly string[];
  /** The values as the chart and the user have them. */
  readonly composed: Dict;
  /** As it is without any edit. */
  readonly base: Rendering;
  #goals: ReadonlyMap<string, Goal>;
  /** Files that name an image. */
  readonly files: ReadonlySet<string>;
  /** True if all of the chart is looked at. */
  readonly isWhole: boolean;
  readonly #ready: Composed;
  readonly #latest = new Latest<Rendering>();
  readonly #known: ReadonlySet<string>;
  #leaves: Leaves | undefined;
  #secretSettings: ReadonlyMap<string, readonly Setting[]> | undefined;
  #settings: ReadonlyMap<string, readonly Setting[]> | undefined;
  #podFiles: ReadonlySet<string> | undefined;

  /** `only`: look at these files alone; `wants` says which images are to be moved. */
  constructor(
    { renderer, names }: { readonly renderer: Renderer; readonly names: TargetNames },
    installation: Installation & { readonly when: readonly string[] },
    {
      only,
      wants = () => true,
    }: { readonly only?: ReadonlySet<string>; readonly wants?: (spot: Spot) => boolean } = {},
  ) {
    this.#renderer = renderer;
    this.#installation = installation;
    this.when = installation.when;
    this.isWhole = only === undefined;
    this.#ready = renderer.compose(installation);
    this.base =
      only === undefined
        ? renderer.renderAll(installation)
        : renderer.renderSome(this.#ready, only, []);
    this.composed = this.#ready.root.values;
    const wanted = [...this.base.spots.values()].filter(wants);
    this.#goals = new Map(
      wanted.map((spot) => [spot.key, { ...spot, target: names.of(spot.reference) }]),
    );
    this.files = new Set(wanted.map(({ file }) => file));
    this.#known = new Set(this.base.problems.map(problemKey));
  }

  /** By the key of each spot. */
  get goals(): ReadonlyMap<string, Goal> {
    return this.#goals;
  }

  /** From now on every image is to have the name that `targetOf` gives it. */
  aim(targetOf: (goal: Goal) => Reference): void {
    const all = [...this.#goals].map(
      ([key, goal]) => [key, { ...goal, target: targetOf(goal) }] as const,
    );
    this.#goals = new Map(all);
  }

  /** What may have a say in the names of images. */
  get leaves(): Leaves {
    this.#leaves ??= new Leaves(this);
    return this.#leaves;
  }

  /** Files that were seen to look at a setting while they print names. */
  filesFor(edit: Edit): ReadonlySet<string> {
    const key = keyOf(edit);
    return new Set([...this.files].filter((file) => this.leaves.readBy(file).has(key)));
  }

  /** By file: the settings that name secrets for pulling. */
  get secretSettings(): ReadonlyMap<string, readonly Setting[]> {
    this.#secretSettings ??= this.#renderer.secretSettings(
      this.#installation,
      this.isWhole ? undefined : this.files,
    );
    return this.#secretSettings;
  }

  /** Files that run something, or may give pods their secrets for pulling. */
  get podFiles(): ReadonlySet<string> {
    this.#podFiles ??= new Set([
      ...this.files,
      ...(this.isWhole ? this.secretSettings.keys() : []),
      ...this.#ready.set.files.filter(speaksOfSecrets).map(({ name }) => name),
      ...this.base.files
        .filter(({ text }) => PRINTS_ACCOUNT.test(text))
        .map(({ file }) => file.name),
    ]);
    return this.#podFiles;
  }

  /** The templates of these. */
  get podTemplates(): string[] {
    const here = this.#ready.set.files.filter(({ name }) => this.podFiles.has(name));
    return here.map(({ instance: { chart }, path }) => textOf(chart, path));
  }

  /** The templates of `file` and of what it calls. */
  reachedTexts(file: string): string[] {
    return reachedTexts(this.#ready, file);
  }

  /** The settings that had a say in what `file` prints, if there were a table at `path`. */
  settingsWithTable(path: ValuesPath, file: string): readonly Setting[] {
    return this.settingsWith(tableAt(path), file);
  }

  /** The settings that would have a say in what `file` prints. */
  settingsWith(edit: Edit, file: string): readonly Setting[] {
    return this.#renderer.settings(this.#with(edit), new Set([file])).get(file) ?? [];
  }

  /** What `files` look at where they print lists of secrets, if there were a table at `path`. */
  secretHints(files: ReadonlySet<string>, path?: ValuesPath): readonly Setting[] {
    const installation = path === undefined ? this.#installation : this.#with(tableAt(path));
    return this.#renderer.secretHints(installation, files);
  }

  #with(edit: Edit): Installation {
    const values = withEdits(this.#installation.values, [edit], this.composed);
    return { ...this.#installation, values };
  }

  /** The settings that had a say in what `file` prints. */
  readonly settingsOf = (file: string): readonly Setting[] => {
    this.#settings ??= this.#renderer.settings(this.#installation, this.files);
    return this.#settings.get(file) ?? [];
  };

  /** Renders files that name an image, by default all of them, with `edits` on top. */
  render(edits: readonly Edit[], only: ReadonlySet<string> = this.files): Rendering {
    return this.#latest.get([...edits, ...only], () =>
      this.#renderer.renderSome(this.#ready, only, edits),
    );
  }

  /** Why the chart, its schema and notes included, refuses `edits` though it takes the values without. */
  refusals(edits: readonly Edit[]): Rendering["problems"] {
    const values = withEdits(this.#installation.values, edits, this.composed);
    return this.newProblems(this.#renderer.renderAll({ ...this.#installation, values }));
  }

  /** Keys of the spots that have the name they should have. */
  movedIn({ spots }: Rendering): Set<string> {
    const moved = new Set<string>();
    for (const [key, { target }] of this.goals) {
      if (spots.get(key)?.image === formatReference(target)) moved.add(key);
    }
    return moved;
  }

  /** What is wrong with a rendering that was not wrong without the edits. */
  newProblems({ problems }: Rendering): Rendering["problems"] {
    return problems.filter((problem) => !this.#known.has(problemKey(problem)));
  }
}

function tableAt(path: ValuesPath): Edit {
  return { path, value: new Map([[PLACEHOLDER, ""]]) };
}

const PRINTS_ACCOUNT = /^kind:\s*["']?ServiceAccount\b/m;

/** What a template looks at on ways that leave no trace still stands in its text. */
function speaksOfSecrets({ instance: { chart }, path }: TemplateFile): boolean {
  const text = textOf(chart, path);
  return PRINTS_ACCOUNT.test(text) || /pull_?secrets/i.test(text);
}

function problemKey({ file, line, reason }: Rendering["problems"][number]): string {
  return `${file}:${line}:${reason}`;
}
