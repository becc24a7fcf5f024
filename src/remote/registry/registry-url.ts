import { DrayError } from "../../errors.ts";

/** Where the API of a registry is; Docker Hub's is not where its name says. */
export function registryOrigin(registry: string, scheme: "http" | "https"): URL {
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  try {
    return new URL(`${scheme}://${host}/`);
  } catch (cause) {
    throw new DrayError(
      "DRAY_REFERENCE_INVALID",
      `Cannot use registry ${JSON.stringify(registry)}: expected host[:port]`,
      { kind: "usage", cause },
    );
  }
}

/** How two registrable domains compare: `gitlab.example.com` and `registry.example.com` share one. */
export async function sharesDomain(a: URL, b: URL): Promise<boolean> {
  const { getDomain } = await import("tldts");
  const domain = getDomain(a.hostname, { allowPrivateDomains: true });
  return domain !== null && domain === getDomain(b.hostname, { allowPrivateDomains: true });
}
