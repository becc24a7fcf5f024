import { renderFiles, type RenderedFile, type RenderOptions } from "../helm/render/render.ts";
import type { TemplateSet } from "../helm/render/template-set.ts";
import { readsOf } from "../helm/template/origins.ts";
import { areSame } from "../helm/template/read.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";
import type { Write } from "../helm/template/writes.ts";
import type { Instance } from "../helm/values/compose.ts";
import { startsWith, type ValuesPath } from "../helm/values/path.ts";
import type { Coverage } from "./branches.ts";

/** A chart with given values, whose templates have been run once. */
export interface Rendered {
  readonly root: Instance;
  readonly set: TemplateSet;
  readonly coverage: Coverage;
  readonly options: RenderOptions;
  /** What they printed. */
  readonly files: readonly RenderedFile[];
}

/**
 * Renders some files with other settings, or all where one of these sets other values than before that any may print.
 * `shown` are files with those of the settings that were tried before without the others.
 */
export function renderTrial(
  { root, set, files: first }: Rendered,
  options: RenderOptions,
  { only, shown }: { readonly only: ReadonlySet<string>; readonly shown: readonly RenderedFile[] },
): readonly RenderedFile[] {
  const files = renderFiles(root, set, { ...options, only });
  const settings = (options.overrides ?? []).map(({ path }) => path);
  const prepares = files.some((printed) => {
    const isOfIt = ({ file }: RenderedFile): boolean => file === printed.file;
    return preparesOthers(printed, shown.find(isOfIt) ?? first.find(isOfIt), settings);
  });
  return prepares ? renderFiles(root, set, options) : files;
}

/** True if a file may have changed values for the others in another way than before. */
function preparesOthers(
  now: RenderedFile,
  before: RenderedFile | undefined,
  settings: readonly ValuesPath[],
): boolean {
  if (!now.changesShared && before?.changesShared !== true) return false;
  const [some, others] = [now.noted?.writes, before?.noted?.writes];
  return some === undefined || others === undefined || !areSameWrites(some, others, settings);
}

/**
 * True if both leave the same in tables that templates share, but for what stands there because of
 * `settings`: whoever looks at that looks at those.
 */
function areSameWrites(
  some: readonly Write[],
  others: readonly Write[],
  settings: readonly ValuesPath[],
): boolean {
  return (
    some.length === others.length &&
    some.every((one, at) => {
      const other = others[at];
      const isOfPlace = one.dict === other?.dict && one.key === other.key;
      return isOfPlace && areSame(one.made, other.made) && isLike(one.value, other.value, settings);
    })
  );
}

type Found = Value | undefined;

function isLike(one: Found, other: Found, settings: readonly ValuesPath[]): boolean {
  if (one === other) return true;
  if (one instanceof Map && other instanceof Map) {
    const keys = new Set([...one.keys(), ...other.keys()]);
    return [...keys].every(
      (key) =>
        isLike(one.get(key), other.get(key), settings) ||
        (isOneOf(settings, one, key) && isOneOf(settings, other, key)),
    );
  }
  if (!isList(one) || !isList(other) || one.length !== other.length) return false;
  return one.every((item, at) => isLike(item, other[at], settings));
}

/** True if an entry is nothing but one of the settings, or a part of one, or a table with one in it. */
function isOneOf(settings: readonly ValuesPath[], dict: Dict, key: string): boolean {
  const reads = readsOf(dict, key);
  const isSetting = (path: ValuesPath): boolean =>
    settings.some((one) => startsWith(path, one) || startsWith(one, path));
  return reads.length > 0 && reads.every(({ path }) => isSetting(path));
}
