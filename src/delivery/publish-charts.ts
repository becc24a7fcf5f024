import { parseReference, type Reference } from "../oci/reference.ts";
import { answers } from "./carried.ts";
import type { PlannedPush } from "./plan.ts";
import { publishAll } from "./publish.ts";
import type { Steps } from "./send.ts";
import { isThere, type Inquiry, type Situation } from "./situation.ts";

/** What is delivered, and what is known of what belongs to it. */
export interface Goods {
  readonly plan: readonly PlannedPush[];
  /** Belongs to the same charts and is not delivered this time. */
  readonly leftOut: readonly PlannedPush[];
  /** What a chart pulls; undefined where that cannot be told. Asked only where something is missing. */
  readonly imagesOf: (chart: PlannedPush) => Promise<readonly Reference[] | undefined>;
}

/** What it takes to tell whether a chart may have its tag. */
export interface ChartWork {
  readonly goods: Goods;
  readonly inquiry: Inquiry;
  readonly steps: Steps;
}

/**
 * Gives charts their tags, after the images have theirs: whoever installs whatever charts appear meets
 * none before its images. One that would have to wait for an image gets no tag.
 */
export async function publishCharts(charts: readonly Situation[], work: ChartWork): Promise<void> {
  await publishAll(await readyCharts(charts, work), work.steps);
}

/** Charts that may have their tags; of the others it is on record what they wait for. */
export async function readyCharts(
  charts: readonly Situation[],
  { goods, inquiry, steps }: ChartWork,
): Promise<Situation[]> {
  const ready: Situation[] = [];
  for (const chart of charts) {
    const look = async (): Promise<void> => {
      const absent = isThere(chart)
        ? []
        : await absentImages(chart.plan, { goods, inquiry, steps });
      if (absent.length === 0) ready.push(chart);
      else steps.record.hold(chart.plan, waitingFor(absent));
    };
    await steps.attempts.make(chart, look, inquiry.signal);
  }
  return ready;
}

/** Images of the bundle that a chart pulls and the target does not have. */
async function absentImages(
  chart: PlannedPush,
  { goods, inquiry, steps }: ChartWork,
): Promise<PlannedPush[]> {
  const failed = goods.plan.filter((one) => steps.record.hasFailed(one));
  const candidates = [...failed, ...goods.leftOut].filter(
    ({ kind }) => kind !== "chart" && kind !== "referrer",
  );
  if (candidates.length === 0) return [];
  const wanted = await goods.imagesOf(chart);
  const absent: PlannedPush[] = [];
  for (const image of candidates) {
    const isNeeded = wanted === undefined || wanted.some((one) => isMeant(image, one));
    if (!isNeeded) continue;
    if (failed.includes(image) || !(await isAtTarget(image, inquiry))) absent.push(image);
  }
  return absent;
}

function isMeant({ reference, root }: PlannedPush, wanted: Reference): boolean {
  return answers({ reference: parseReference(reference), root }, wanted);
}

/** What an earlier push has brought need not come again. */
async function isAtTarget(
  { repository, tag, digest }: PlannedPush,
  { pool, registry, signal }: Inquiry,
): Promise<boolean> {
  const place = pool.repository({ registry, repository });
  const found = await place.client.limit(() => place.find(tag ?? digest, { signal, like: digest }));
  return found?.digest === digest;
}

function waitingFor(absent: readonly PlannedPush[]): { error: string; hint: string } {
  const names = absent.map(({ target }) => target).join(", ");
  const are = absent.length === 1 ? "is" : "are";
  return {
    error: `Its tag was held back: it needs ${names}, which ${are} not there`,
    hint: "Its content is there: once the images are, the same command writes the tag.",
  };
}
