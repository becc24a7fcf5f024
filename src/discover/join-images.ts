import { compareImages, type DiscoveredImage, type Discovery } from "./discovery.ts";

/**
 * The images of several charts, each once and in the strongest of its classes. Every evidence says
 * of which chart it is.
 */
export function joinImages(discoveries: readonly Discovery[]): DiscoveredImage[] {
  const groups = new Map<string, DiscoveredImage[]>();
  for (const { chart, images } of discoveries) {
    const from = `${chart.name} ${chart.version}`;
    for (const one of images) {
      const evidence = one.evidence.map((item) => ({ ...item, chart: from }));
      groups.set(one.image, [...(groups.get(one.image) ?? []), { ...one, evidence }]);
    }
  }
  return [...groups.values()].flatMap(joinGroup).toSorted(compareImages);
}

function joinGroup(group: readonly DiscoveredImage[]): DiscoveredImage[] {
  const [strongest, ...others] = group.toSorted(compareImages);
  if (strongest === undefined) return [];
  const equals = others.filter((one) => one.class === strongest.class);
  return [
    {
      ...strongest,
      optionalBy: [strongest, ...equals].flatMap(({ optionalBy }) => optionalBy),
      evidence: [strongest, ...others].flatMap(({ evidence }) => evidence),
    },
  ];
}
