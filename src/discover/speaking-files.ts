import { textOf, type Chart } from "../chart/chart.ts";
import { isNotable } from "./image-key.ts";

/** What may be the name of a file, or a pattern for several. */
const NAME = /^[\w*][\w./*-]*(?:\.[\w-]+|\*)$/;

/** Files that no template prints. */
const NOT_PRINTED =
  /^(?:templates|crds|charts)\/|^(?:Chart|requirements|values)\.\w+$|\.(?:md|schema\.json)$/;

/** Files that templates may print and that speak of images. */
export class SpeakingFiles {
  readonly #charts: ReadonlySet<Chart>;
  #paths: readonly string[] | undefined;

  constructor(charts: ReadonlySet<Chart>) {
    this.#charts = charts;
  }

  /** True if a template that has `name` in it may mean one: often the folder stands elsewhere. */
  mayBe(name: string): boolean {
    if (!NAME.test(name)) return false;
    this.#paths ??= [...this.#charts].flatMap(speakingIn);
    const [start = "", ...rest] = name.split("*");
    return this.#paths.some((path) =>
      rest.length > 0 ? path.startsWith(start) : path === name || path.endsWith(`/${name}`),
    );
  }
}

function speakingIn(chart: Chart): string[] {
  const paths = [...chart.files.keys()].filter((path) => !NOT_PRINTED.test(path));
  return paths.filter((path) => isNotable(textOf(chart, path)));
}
