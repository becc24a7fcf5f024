import { append } from "../content/append.ts";
import { byCodePoint } from "../helm/template/value.ts";
import type { Edit } from "./edits.ts";
import type { Rendering } from "./rendering.ts";
import type { Scene } from "./scene.ts";
import { secretPlaces } from "./secret-places.ts";

/** Something that runs pods. */
export interface Workload {
  /** `Deployment/web` */
  readonly object: string;
  /** Helm's name of the file that prints it. */
  readonly file: string;
  /** The service account that its pods run under. */
  readonly account: string;
  /** Where that is; undefined where neither the chart nor the release says so. */
  readonly namespace?: string | undefined;
  /** True if its pods have the secret, by themselves or by their service account. */
  readonly hasSecret: boolean;
  /** True for what only `helm test` runs. */
  readonly onlyTests: boolean;
  /** Settings that start it; nothing for what these values start. */
  readonly when: readonly string[];
}

/** The secret that pods are to have, and where the release goes to. */
interface Wanted {
  readonly secret: string;
  readonly namespace: string | undefined;
}

/**
 * What runs pods in `final`, the rendering with all values, and behind it what settings of other scenes
 * start beside it.
 */
export function workloadsOf(
  scenes: readonly Scene[],
  edits: readonly Edit[],
  { final, ...wanted }: Wanted & { readonly final: Rendering },
): Workload[] {
  const all = workloadsIn(final, [], wanted);
  const known = new Set(all.map(keyOf));
  for (const scene of scenes.filter(({ isWhole }) => !isWhole)) {
    const there = workloadsIn(scene.render(edits, scene.podFiles), scene.when, wanted);
    const fresh = there.filter((one) => !known.has(keyOf(one)));
    for (const one of fresh) known.add(keyOf(one));
    append(all, fresh);
  }
  return all;
}

function keyOf({ file, object }: Workload): string {
  return `${file}\n${object}`;
}

/**
 * Where nobody says which namespace the release goes to, it was rendered for `default`, and an object
 * that says so says nothing.
 */
function workloadsIn(
  { files }: Rendering,
  when: readonly string[],
  { secret, namespace: released }: Wanted,
): Workload[] {
  return [...secretPlaces(files, secret).values()]
    .filter(({ kind }) => kind === "pod")
    .map(({ object, file, account, namespace: stated, hasSecret, onlyTests }) => ({
      object,
      file,
      account,
      namespace: released === undefined && stated === "default" ? undefined : (stated ?? released),
      hasSecret,
      onlyTests,
      when,
    }))
    .toSorted((a, b) => byCodePoint(a.object, b.object));
}
