import type { Edit } from "./edits.ts";
import { isCalledRegistry, type Leaf } from "./leaves.ts";
import { isBeginning, isEnd } from "./pieces.ts";

/** A text that holds the beginning of a name, or could. */
export interface Head {
  readonly leaf: Leaf;
  /** What stands behind it in the name. */
  readonly rests: readonly string[];
}

/** Values for a text that is (or would be) the beginning of a name whose rest stays. */
export function headValues(leaf: Leaf, rests: readonly string[], name: string): Edit[] {
  return rests.flatMap((rest) =>
    isEnd(rest, name) ? asHeads(leaf, name.slice(0, -(rest.length + 1))) : [],
  );
}

/** `quay.io/acme/operator`, behind which the template puts `-generic`. */
export function stemValues(
  leaves: readonly Leaf[],
  forms: readonly string[],
  name: string,
): Edit[] {
  return leaves.flatMap(({ path, text }) => {
    if (!text.includes("/")) return [];
    const rests = forms.flatMap((form) => (form.startsWith(text) ? form.slice(text.length) : []));
    return [...new Set(rests)]
      .filter((rest) => rest !== "" && !rest.includes("/") && name.endsWith(rest))
      .map((rest) => ({ path, value: name.slice(0, -rest.length) }));
  });
}

/** Texts that hold, or could hold, the beginning of the name. */
export function headsIn(leaves: readonly Leaf[], forms: readonly string[]): Head[] {
  return leaves.flatMap((leaf) => {
    const rests = restsBehind(leaf, forms);
    return rests.length === 0 ? [] : [{ leaf, rests }];
  });
}

function restsBehind(leaf: Leaf, forms: readonly string[]): string[] {
  const { path, text, isRead } = leaf;
  // What is empty may stand for what the chart takes otherwise: a registry, with an organization or without.
  if (text === "") {
    const isLikely = isRead && (leaf.isAbsent === true || isCalledRegistry(path));
    return isLikely ? [...new Set([...forms, ...forms.flatMap(partsBehind)])] : [];
  }
  const own = text.replace(/\/+$/, "");
  return forms.filter((form) => isBeginning(own, form)).map((form) => form.slice(own.length + 1));
}

/** `acme/web` and `web` of `quay.io/acme/web`. */
function partsBehind(form: string): string[] {
  const parts = form.split("/");
  return parts.slice(1).map((_, index) => parts.slice(index + 1).join("/"));
}

/** Some charts want the slash in the value. */
export function asHeads({ path, text }: Leaf, head: string): Edit[] {
  if (text === "") {
    return [
      { path, value: head },
      { path, value: `${head}/` },
    ];
  }
  return [{ path, value: text.endsWith("/") ? `${head}/` : head }];
}

/** What nobody wrote into the chart may be needed by other images too, and not fit them. */
export function endsInLibrary({ value }: Edit): boolean {
  return typeof value === "string" && /\/library\/?$/.test(value);
}
