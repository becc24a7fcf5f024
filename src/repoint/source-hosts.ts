import type { MovedImage } from "./mapping-file.ts";

/** Images by the host that they come from. */
export function byHost(images: readonly MovedImage[]): Map<string, MovedImage[]> {
  const hosts = new Map<string, MovedImage[]>();
  for (const image of images) {
    hosts.set(image.from.registry, [...(hosts.get(image.from.registry) ?? []), image]);
  }
  return hosts;
}

/** What stands before the repository of each at the target, if it is the same for all: `` or `mirror/`. */
export function commonPrefix(images: readonly MovedImage[]): string | undefined {
  const prefixes = new Set(
    images.map(({ from, to }) =>
      `/${to.repository}`.endsWith(`/${from.repository}`)
        ? to.repository.slice(0, -from.repository.length)
        : undefined,
    ),
  );
  const [first] = prefixes;
  return prefixes.size === 1 ? first : undefined;
}
