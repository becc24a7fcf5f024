import type { DiscoveredImage } from "../discover/discovery.ts";
import { DrayError } from "../errors.ts";
import { formatReference } from "../oci/reference.ts";
import type { Recipe } from "./recipe/recipe.ts";
import type { ResolveRequest } from "./resolve.ts";

function requestFor(reference: ResolveRequest["reference"]): ResolveRequest {
  return { name: formatReference(reference), reference, platforms: [] };
}

/** Lists overlap: an image that is named twice is packed once, if both want the same of it. */
export function imageRequests(recipe: Recipe): ResolveRequest[] {
  const requests = new Map<string, ResolveRequest>();
  for (const { reference, platforms = recipe.platforms } of recipe.images) {
    const request = { ...requestFor(reference), platforms };
    const other = requests.get(request.name);
    if (other !== undefined && JSON.stringify(other.platforms) !== JSON.stringify(platforms)) {
      throw new DrayError(
        "DRAY_RECIPE_AMBIGUOUS",
        `Cannot pack ${request.name}: it is named twice with different platforms`,
        { kind: "usage" },
      );
    }
    requests.set(request.name, request);
  }
  return [...requests.values()];
}

/** What a chart has pinned by digest keeps it, and with it every platform. */
export function requestByChart(
  { image, reference, evidence: [best] }: DiscoveredImage,
  { platforms }: Recipe,
): ResolveRequest {
  const place = [best?.chart, best?.object ?? best?.valuesPath, best?.where];
  return {
    name: image,
    reference,
    platforms: reference.digest === undefined ? platforms : [],
    wantedBy: place.filter((part) => part !== undefined).join(", "),
  };
}
