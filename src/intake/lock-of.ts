import { parseReference } from "../oci/reference.ts";
import type { Ingredients } from "./gather.ts";
import { lockEntry } from "./locked-discovery.ts";
import type { ChartPin, Lock } from "./recipe/lock.ts";

/** A digest that is another than somebody might expect. */
export interface DigestChange {
  readonly reference: string;
  readonly was: string;
  readonly is: string;
}

/** What this run has found, for the next one to use. */
export function lockOf({ images, charts, searched, referrers, leftOut }: Ingredients): Lock {
  const ofImages = images.map(({ name, found, root }) => {
    const { digest: packed } = root.descriptor;
    return [name, packed === found.digest ? found : { ...found, packed }] as const;
  });
  return {
    entries: new Map([...ofImages, ...charts.flatMap(({ lock }) => [...lock.entries])]),
    charts: new Map(charts.flatMap(({ lock }) => [...lock.charts])),
    skipped: leftOut.skipped,
    referrers: referrers
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, subject, found }) => ({
        reference: parseReference(name),
        subject,
        descriptor: found,
      })),
    searches: new Map(searched.map(lockEntry)),
  };
}

/** What the lock before had otherwise. */
export function changesSince(before: Lock | undefined, now: Lock): DigestChange[] {
  const tags = [...now.entries].map(([reference, { digest }]) => ({
    reference,
    was: before?.entries.get(reference)?.digest,
    is: digest,
  }));
  const charts = [...now.charts].map(([reference, pin]) => {
    const was = before?.charts.get(reference);
    return { reference, was: was && shownPin(was), is: shownPin(pin) };
  });
  return [...tags, ...charts].flatMap(({ reference, was, is }) =>
    was === undefined || was === is ? [] : [{ reference, was, is }],
  );
}

function shownPin({ version, digest }: ChartPin): string {
  return `${version} ${digest}`;
}
