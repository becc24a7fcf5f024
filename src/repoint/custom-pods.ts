import { customKind } from "../discover/custom-resources.ts";
import { seeObject } from "../discover/object-images.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";

/** True for a custom resource of which some operator makes pods: it names an image that is pulled. */
export function isCustomPod(object: Dict): boolean {
  if (customKind(object) === undefined) return false;
  let isPulled = false;
  seeObject(object, {
    see: ({ certainty, off }) => {
      isPulled ||= off === undefined && (certainty === "proven" || certainty === "likely");
    },
    miss: () => {},
  });
  return isPulled;
}

/** The service account that a custom resource names first, or else the one that pods have of themselves. */
export function serviceAccountIn(value: Value): string {
  return firstAccount(value) ?? "default";
}

function firstAccount(value: Value): string | undefined {
  if (isList(value)) return firstOf(value);
  if (!(value instanceof Map)) return undefined;
  const account = value.get("serviceAccountName");
  if (typeof account === "string" && account !== "") return account;
  return firstOf([...value.values()]);
}

function firstOf(values: readonly Value[]): string | undefined {
  for (const value of values) {
    const found = firstAccount(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
