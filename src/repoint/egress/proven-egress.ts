import { formatPath } from "../../helm/values/path.ts";
import { withEdits, type Edit } from "../edits.ts";
import type { Installation } from "../composer.ts";
import type { Renderer, Rendering } from "../rendering.ts";
import { writeValues } from "../write-values.ts";
import { homeSwitches } from "./calling-home.ts";
import { egressIn, type Egress } from "./find-egress.ts";

/** Something that reaches outside, and the value that turns it off where one was seen to. */
export interface ProvenEgress extends Egress {
  readonly off?: { readonly path: string; readonly value: boolean } | undefined;
}

/** What the values let reach outside, and which value turns it off: by rendering with each. */
export class EgressSearch {
  readonly #renderer: Renderer;
  readonly #installation: Installation;
  readonly #isOwn: (host: string) => boolean;

  constructor(renderer: Renderer, installation: Installation, isOwn: (host: string) => boolean) {
    this.#renderer = renderer;
    this.#installation = installation;
    this.#isOwn = isOwn;
  }

  /** `base` is the rendering of the installation. */
  run(base: Rendering): { readonly egress: readonly ProvenEgress[]; readonly text: string } {
    const all = this.#in(base);
    const off = new Map<string, Edit>();
    if (all.length > 0) {
      for (const edit of homeSwitches(base.root.values)) this.#try(edit, { base, all, off });
    }
    const egress = all.map((one) => {
      const edit = off.get(keyOf(one));
      return edit === undefined
        ? one
        : { ...one, off: { path: formatPath(edit.path), value: edit.value === true } };
    });
    return { egress, text: remarks(egress, [...new Set(off.values())]) };
  }

  #try(
    edit: Edit,
    { base, all, off }: { base: Rendering; all: readonly Egress[]; off: Map<string, Edit> },
  ): void {
    const values = withEdits(this.#installation.values, [edit], base.root.values);
    const rendering = this.#renderer.renderAll({ ...this.#installation, values });
    if (rendering.problems.length > base.problems.length) return;
    const still = new Set(this.#in(rendering).map(keyOf));
    for (const one of all) {
      const key = keyOf(one);
      if (!still.has(key) && !off.has(key)) off.set(key, edit);
    }
  }

  #in({ files }: Rendering): Egress[] {
    return egressIn(files, this.#isOwn);
  }
}

function keyOf({ object, what }: Egress): string {
  return `${object}\n${what}`;
}

/** Places that the file of values names; the proof has all. */
const MAX_NAMED = 20;

/** What is said below the values: nothing is switched off unless somebody takes the marks away. */
function remarks(egress: readonly ProvenEgress[], switches: readonly Edit[]): string {
  if (egress.length === 0) return "";
  const all = inObjects(egress);
  const named = all.slice(0, MAX_NAMED);
  const more = all.length - named.length;
  const lines = [
    "",
    "Reaches outside when it runs:",
    ...named.map((one) => `  ${one.replace(/[\r\n]+/g, " ")}`),
    ...(more > 0 ? [`  and ${more} more, which the proof names`] : []),
    ...(switches.length > 0
      ? ["Seen to turn some of it off; nothing was switched off for you:"]
      : []),
    ...(switches.length > 0 ? written(switches) : []),
  ];
  return lines.map((line) => (line === "" ? "\n" : `# ${line}\n`)).join("");
}

/** Each host and setting once, with the first object that has it. */
function inObjects(egress: readonly ProvenEgress[]): string[] {
  const objects = new Map<string, string[]>();
  for (const { what, object } of egress) objects.set(what, [...(objects.get(what) ?? []), object]);
  return [...objects].map(([what, [first = "", ...others]]) => {
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return `${what} (${first}${more})`;
  });
}

function written(switches: readonly Edit[]): string[] {
  const values = withEdits(new Map(), switches, new Map());
  return writeValues(values, [], () => [])
    .trimEnd()
    .split("\n");
}
