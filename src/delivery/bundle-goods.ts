import type { UsableBundle } from "../bundle/opened.ts";
import { DrayError, shellWord } from "../errors.ts";
import type { BundleContent } from "./bundle-content.ts";
import { choose } from "./choose.ts";
import { destinationOf, type DeliveryOptions } from "./delivery-options.ts";
import { deliverables, planned, planPush } from "./plan.ts";
import type { Goods } from "./publish-charts.ts";

/** Whoever pushes wants to find something there. @throws DrayError `DRAY_PUSH_EMPTY` */
export function requireArtifacts(
  { contents: { artifacts, files } }: UsableBundle,
  path: string,
): void {
  if (artifacts.length > 0) return;
  const go = files.length === 1 ? "the file in it goes" : `the ${files.length} files in it go`;
  throw new DrayError(
    "DRAY_PUSH_EMPTY",
    `Cannot push ${JSON.stringify(path)}: there is no image and no chart in it, and ${go} into no registry`,
    { kind: "usage", hint: `\`dray unpack ${shellWord(path)} DIR\` writes the files.` },
  );
}

/** What of a bundle goes where, and what stays. */
export function goodsOf(
  bundle: UsableBundle,
  content: BundleContent,
  options: DeliveryOptions,
): Omit<Goods, "imagesOf"> {
  const destination = destinationOf(options);
  const { chosen, leftOut } = choose(deliverables(bundle, content), options, destination);
  return {
    plan: planPush(chosen, destination),
    leftOut: leftOut.map((one) => planned(one, destination)),
  };
}
