import type { Chart } from "../chart/chart.ts";
import type { IsNotable } from "../helm/template/ast.ts";
import type { Dict } from "../helm/template/value.ts";
import { mayPrintCustom } from "./custom-resources.ts";
import { isNotable } from "./image-key.ts";
import { imagesInValues } from "./value-images.ts";

/**
 * Tells pieces of the templates of `chart` that may print an image, or something that an operator
 * starts images for: by what they say, or since they name a table or list that has one in the values.
 */
export function wantedIn(chart: Chart, given: Dict): IsNotable {
  const holders = new Set([chart.values, given, ...below(chart)].flatMap(holdersIn));
  return (text) => isNotable(text) || holders.has(text) || mayPrintCustom(text);
}

function below({ subcharts }: Chart): Dict[] {
  return subcharts.flatMap((one) => [one.values, ...below(one)]);
}

/** `Values.initContainer` for `initContainer: {image: busybox:1.36}`, as a template names it. */
function holdersIn(values: Dict): string[] {
  return imagesInValues(values, [], new Set()).flatMap(({ path }) => {
    const keys = path.slice(0, -1);
    while (/^\d+$/.test(keys.at(-1) ?? "")) keys.pop();
    return keys.length === 0 ? [] : [["Values", ...keys].join(".")];
  });
}
