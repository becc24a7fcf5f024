import { nameAt, type Destination } from "../delivery/names.ts";
import { DrayError } from "../errors.ts";
import { formatReference, parseReference, type Reference } from "../oci/reference.ts";

/** What images are called at the target, by the map that a push uses. */
export class TargetNames {
  readonly #destination: Destination;
  readonly #known = new Map<string, Reference>();

  constructor(destination: Destination) {
    requireHost(destination);
    this.#destination = destination;
  }

  /** The name that `reference` has to have for the target to be asked for it. */
  of(reference: Reference): Reference {
    const image = formatReference(reference);
    const known = this.#known.get(image) ?? this.#made(reference, image);
    this.#known.set(image, known);
    return known;
  }

  /** True for the host of the target, whatever the port. */
  isHost(host: string): boolean {
    return this.#destination.target.registry.replace(/:\d+$/, "").toLowerCase() === host;
  }

  /** True for an image that values name at the target already. */
  isThere({ registry, repository }: Reference): boolean {
    const { target } = this.#destination;
    return registry === target.registry && `${repository}/`.startsWith(withSlash(target.prefix));
  }

  #made(reference: Reference, image: string): Reference {
    if (this.isThere(reference)) return reference;
    const { tag, digest } = reference;
    const { target } = this.#destination;
    const named = { kind: "image", reference: image, digest: digest ?? "" } as const;
    const { repository } = nameAt(named, this.#destination);
    return {
      registry: target.registry,
      repository,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    };
  }
}

export function nameOf({ registry, repository }: Reference): string {
  return `${registry}/${repository}`;
}

function withSlash(prefix: string): string {
  return prefix === "" ? "" : `${prefix}/`;
}

/** What has no dot and no port is taken for the name of somebody at Docker Hub. */
function requireHost({ target: { registry } }: Destination): void {
  if (parseReference(`${registry}/image`).registry === registry) return;
  throw new DrayError(
    "DRAY_TARGET_INVALID",
    `Cannot repoint to ${JSON.stringify(registry)}: in the name of an image that would be a name of Docker Hub`,
    { kind: "usage", hint: "Name it with its domain or its port, registry.internal:5000." },
  );
}
