import { DrayError } from "../../errors.ts";
import type { Listener } from "../../events.ts";
import type { RegistryAccess } from "../registry/access.ts";
import type { Credentials } from "../registry/credentials.ts";
import { parseEcrHost } from "./ecr-host.ts";
import { EcrRegistries } from "./ecr-registries.ts";

export interface EcrChoices {
  /** Instead of each region's own API: `AWS_ENDPOINT_URL_ECR`. */
  readonly endpoint?: string | undefined;
  /** Repositories that are made take each tag once. @default false */
  readonly isImmutable?: boolean | undefined;
  readonly onEvent?: Listener | undefined;
}

/**
 * Lets private registries of ECR be used like any other: where `access` knows no login for one, the
 * AWS SDK's credentials get one, and repositories that are missing there are made. Whatever AWS is
 * asked goes over the same network as the rest.
 */
export function withEcr(access: RegistryAccess, choices: EcrChoices = {}): RegistryAccess {
  const { endpoint, isImmutable = false, onEvent } = choices;
  const ecr = new EcrRegistries({ access, endpoint, onEvent });
  const stored = access.credentials ?? (async () => undefined);
  const lastGiven = new Map<string, string>();
  return {
    ...access,
    async credentials(registry, repository, options = {}) {
      const found = await stored(registry, repository, options);
      if (parseEcrHost(registry) === undefined) return found;
      const text = JSON.stringify(found);
      // What was refused and has not changed since is what somebody stored twelve hours ago.
      const isStale = options.fresh === true && lastGiven.get(registry) === text;
      lastGiven.set(registry, text);
      if (found !== undefined && !isStale) return found;
      try {
        const asker = repository ?? "";
        const token = await ecr.login(registry, { asker, isFresh: options.fresh });
        return token && passwordOf(token);
      } catch (error) {
        // What the registry says of the stored login says more.
        if (found !== undefined && isWithoutCredentials(error)) return found;
        throw error;
      }
    },
    maker: {
      makesAt: (registry) => ecr.makesAt(registry),
      make: (registry, repository, { signal } = {}) =>
        ecr.make(registry, repository, { isImmutable, signal }),
    },
  };
}

function isWithoutCredentials(error: unknown): boolean {
  return error instanceof DrayError && error.code === "DRAY_AWS_CREDENTIALS_MISSING";
}

function passwordOf({ username, password }: { username: string; password: string }): Credentials {
  return { kind: "password", username, password };
}
