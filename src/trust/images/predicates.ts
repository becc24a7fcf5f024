/** Predicate types that have a short name, with all the addresses that they have had. */
const NAMED: Readonly<Record<string, RegExp>> = {
  "slsa-provenance": /^https:\/\/slsa\.dev\/provenance\//,
  sbom: /^https:\/\/(?:spdx\.dev\/Document|cyclonedx\.org\/bom)(?:\/|$)/,
  vex: /^https:\/\/openvex\.dev\/ns(?:\/|$)/,
};

export const PREDICATE_NAMES = Object.keys(NAMED);

/** A short name, or an address. */
export function isPredicate(text: string): boolean {
  return PREDICATE_NAMES.includes(text) || /^[a-z][a-z0-9+.-]*:\S+$/i.test(text);
}

/** Predicate types that are attested of each of several images. */
export function inEach(attested: readonly ReadonlySet<string>[]): string[] {
  const [first, ...others] = attested;
  return [...(first ?? [])].filter((type) => others.every((one) => one.has(type)));
}

/** Whether an attestation of this type is what a rule asks for. */
export function isOfType(predicateType: string, asked: string): boolean {
  return NAMED[asked]?.test(predicateType) ?? predicateType === asked;
}
