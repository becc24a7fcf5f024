/** A private registry of Amazon's, as its name says it. */
export interface EcrHost {
  /** `HOST[:PORT]`, as the user writes it. */
  readonly registry: string;
  /** Number of the account that it belongs to. */
  readonly account: string;
  readonly region: string;
  readonly isFips: boolean;
  /** Reached by IPv6 too, and its API with it. */
  readonly isDualStack: boolean;
}

/** Commercial regions, China, dual stack, and the partitions that have a name of their own. */
const DOMAINS = [
  "amazonaws.com",
  "amazonaws.com.cn",
  "amazonaws.eu",
  "on.aws",
  "on.amazonwebservices.com.cn",
  "sc2s.sgov.gov",
  "c2s.ic.gov",
  "csp.hci.ic.gov",
  "cloud.adc-e.uk",
];

const PRIVATE = new RegExp(
  `^(\\d{12})\\.dkr([.-])ecr(-fips)?\\.([a-z0-9]+(?:-[a-z0-9]+)*)\\.(${DOMAINS.join("|").replaceAll(".", "\\.")})(?::\\d+)?$`,
);

/**
 * Reads the name of a private registry; undefined for every other one. public.ecr.aws is another
 * service, from which anybody pulls.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
 */
export function parseEcrHost(registry: string): EcrHost | undefined {
  const [, account, joint, fips, region] = PRIVATE.exec(registry) ?? [];
  if (account === undefined || region === undefined) return undefined;
  return { registry, account, region, isFips: fips !== undefined, isDualStack: joint === "-" };
}
