import { shownPath, type Chart } from "../chart/chart.ts";
import { imagesIn, type RenderedImage } from "../discover/rendered-images.ts";
import { PLACEHOLDER } from "../discover/switches.ts";
import type { Release } from "../helm/render/built-in-objects.ts";
import type { Cluster } from "../helm/render/capabilities.ts";
import { renderFiles, RenderSession, type RenderedFile } from "../helm/render/render.ts";
import { withNotes, type TemplateFile } from "../helm/render/template-set.ts";
import type { Override } from "../helm/render/values-tree.ts";
import { Budget } from "../helm/template/budget.ts";
import type { Problem } from "../helm/template/problem.ts";
import { copyDict } from "../helm/template/value.ts";
import type { Watcher } from "../helm/template/watcher.ts";
import type { Instance } from "../helm/values/compose.ts";
import type { CheckValues } from "../helm/values/schema.ts";
import { splitDocuments } from "../yaml/places.ts";
import { Composer, type Composed, type Installation } from "./composer.ts";
import type { Edit } from "./edits.ts";
import {
  noting,
  notingSecretLists,
  notingSecrets,
  type Found,
  type Setting,
} from "./noted-settings.ts";
import { toSpots, type Spot } from "./spots.ts";

export interface Rendering {
  readonly root: Instance;
  readonly files: readonly RenderedFile[];
  /** By what stays the same when only names change. */
  readonly spots: ReadonlyMap<string, Spot>;
  /** What could not be evaluated, and why the chart refuses the values. */
  readonly problems: readonly Problem[];
}

interface Printing {
  readonly only?: ReadonlySet<string>;
  readonly overrides?: readonly Override[];
  readonly watcher?: (file: TemplateFile) => Watcher;
}

/** Renders one chart again and again with other values. */
export class Renderer {
  readonly #composer: Composer;
  readonly #cluster: Cluster;
  readonly #release: Release;
  readonly #problemsWith: CheckValues;
  readonly #session = new RenderSession();
  readonly #images = new Map<string, readonly RenderedImage[]>();

  constructor(
    chart: Chart,
    {
      settings,
      problemsWith,
    }: { readonly settings: Cluster & Release; readonly problemsWith: CheckValues },
  ) {
    this.#composer = new Composer(chart);
    this.#cluster = settings;
    this.#release = settings;
    this.#problemsWith = problemsWith;
  }

  /** Puts the chart and the values together; the same installation once. */
  compose(installation: Installation): Composed {
    return this.#composer.compose(installation);
  }

  /** Renders all there is, what Helm prints beside the objects included, and checks the values. */
  renderAll(installation: Installation): Rendering {
    const composed = this.compose(installation);
    const rendering = this.#render({ ...composed, set: withNotes(composed.set) }, {});
    const refused = this.#problemsWith(composed.root);
    return { ...rendering, problems: [...refused, ...rendering.problems] };
  }

  /** Renders some files with other values in the place of those that were put together. */
  renderSome(composed: Composed, only: ReadonlySet<string>, edits: readonly Edit[]): Rendering {
    return this.#render(composed, { only, overrides: edits });
  }

  /** Names of the files that stand at these paths below the directory of the chart. */
  filesAt(installation: Installation, paths: ReadonlySet<string>): ReadonlySet<string> {
    const { set } = this.compose(installation);
    const there = set.files.filter(({ instance, path }) =>
      paths.has(shownPath(instance.chart, path)),
    );
    return new Set(there.map(({ name }) => name));
  }

  /** Names of all files. */
  filesOf(installation: Installation): ReadonlySet<string> {
    return new Set(this.compose(installation).set.files.map(({ name }) => name));
  }

  /** By file: the settings that had a say in the names of images. */
  settings(
    installation: Installation,
    only: ReadonlySet<string>,
  ): ReadonlyMap<string, readonly Setting[]> {
    const found: Found = new Map();
    const watcher = (file: TemplateFile): Watcher => noting(file, found);
    this.#watch(installation, { only, watcher });
    return new Map([...found].map(([file, settings]) => [file, [...settings.values()]]));
  }

  /** The settings that some files look at where they print lists of secrets for pulling, or would. */
  secretHints(installation: Installation, only: ReadonlySet<string>): readonly Setting[] {
    const found: Found = new Map();
    const watcher = (file: TemplateFile): Watcher => notingSecretLists(file, found);
    this.#watch(installation, { only, watcher });
    return [...found.values()].flatMap((settings) => [...settings.values()]);
  }

  /** By file: the settings for pulling secrets that were looked at for whatever it prints. */
  secretSettings(
    installation: Installation,
    only: ReadonlySet<string> | undefined,
  ): ReadonlyMap<string, readonly Setting[]> {
    const found: Found = new Map();
    this.#watch(installation, {
      ...(only && { only }),
      watcher: (file) => notingSecrets(file, found),
    });
    return new Map([...found].map(([file, settings]) => [file, [...settings.values()]]));
  }

  /** Prints with something global too: looked up where nothing is, a name may leave no trace. */
  #watch(installation: Installation, how: Printing): void {
    const composed = this.compose(installation);
    this.#print(composed, how);
    const there = composed.root.values.get("global");
    if (there instanceof Map && there.size > 0) return;
    const values = copyDict(installation.values);
    values.set("global", new Map([[PLACEHOLDER, ""]]));
    this.#print(this.compose({ ...installation, values }), how);
  }

  #render(composed: Composed, how: Printing): Rendering {
    const files = this.#print(composed, how);
    const spots = toSpots(files.map((file) => ({ file, images: this.#imagesOf(file) })));
    const problems = [...composed.set.problems, ...files.flatMap((file) => file.problems)];
    const objects = files.filter(({ file }) => !composed.set.notes.includes(file));
    return { root: composed.root, files: objects, spots, problems };
  }

  #print({ on, set, apis, overrides }: Composed, how: Printing): RenderedFile[] {
    const { apiVersions = [] } = this.#cluster;
    return renderFiles(on, set, {
      ...how,
      overrides: [...overrides, ...(how.overrides ?? [])],
      budget: new Budget(),
      cluster: { ...this.#cluster, apiVersions: [...apiVersions, ...apis] },
      release: this.#release,
      // Nobody asks again for what a watcher has seen.
      session: how.watcher === undefined ? this.#session : this.#session.apart(),
    });
  }

  /** Most of what is printed is the same each time. */
  #imagesOf({ file, text, lines }: RenderedFile): readonly RenderedImage[] {
    return splitDocuments(text).flatMap((document) => {
      const key = `${file.name}\n${document.text}`;
      const known = this.#images.get(key);
      if (known !== undefined) return known;
      const { images } = imagesIn({
        source: "rendering",
        text: document.text,
        lines: lines.slice(document.line),
        file: shownPath(file.instance.chart, file.path),
      });
      this.#images.set(key, images);
      return images;
    });
  }
}
