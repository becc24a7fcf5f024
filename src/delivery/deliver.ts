import type { OpenedDelta } from "../bundle/left-out.ts";
import type { StageItem } from "../events.ts";
import type { RegistryPool } from "../remote/registry/pool.ts";
import type { BundleContent } from "./bundle-content.ts";
import { confirmAll } from "./confirm.ts";
import { findLeftOut } from "./left-out.ts";
import type { Destination } from "./names.ts";
import type { PlannedPush } from "./plan.ts";
import { publishCharts, type ChartWork, type Goods } from "./publish-charts.ts";
import { publishAll, readManifestsBack } from "./publish.ts";
import { readAllBack } from "./read-back.ts";
import { announceReferrers } from "./referrers.ts";
import { rehearse, type NewRepository } from "./rehearse.ts";
import { sendAll, type Steps } from "./send.ts";
import {
  isChart,
  isReferrer,
  isThere,
  lookAt,
  requireNoConflict,
  type Situation,
} from "./situation.ts";

/** How somebody wants to have things delivered. */
export interface DeliveryTerms {
  /** Move tags that stand for something else at the target. @default false */
  readonly overwrite?: boolean | undefined;
  /** Write no tag unless everything is there. @default false */
  readonly allOrNothing?: boolean | undefined;
  /** Read everything back from the registry and hash it, before any tag is written. @default false */
  readonly verifyTarget?: boolean | undefined;
  /** Ask the registry and say what would happen. @default false */
  readonly dryRun?: boolean | undefined;
}

export interface Delivery {
  readonly goods: Goods;
  readonly registry: string;
  readonly pool: RegistryPool;
  readonly steps: Steps;
  /** The one bundle that everything comes from, if it does and not all of it was verified before. */
  readonly content?: BundleContent | undefined;
  /** What has to be at the target already. */
  readonly leftOut?:
    | {
        readonly delta: OpenedDelta;
        readonly content: BundleContent;
        readonly destination: Destination;
      }
    | undefined;
}

/**
 * Brings artifacts to a registry: all content first, then it is checked, then every image that is whole
 * gets its tag, and every chart whose images are there. What fails for one artifact is on record and
 * stops no other. A dry run gives the repositories that it would make.
 *
 * @throws DrayError `DRAY_TAG_CONFLICT`, BundleRefused, and what ends everything
 */
export async function deliver(delivery: Delivery, terms: DeliveryTerms): Promise<NewRepository[]> {
  const { goods, registry, pool, steps, content } = delivery;
  const { attempts, run } = steps;
  steps.record.transfers.doubt(pool.client(registry).uncheckedSizes);
  const inquiry = { pool, registry, attempts, signal: run.signal };
  const situations = await lookAt(goods.plan, inquiry);
  requireNoConflict(situations, terms.overwrite === true);
  const work = { goods, inquiry, steps };
  await completeDelta(delivery);
  if (terms.dryRun === true) return rehearse(situations, work);
  run.onEvent({ ...SENDING, bytes: bytesOf(goods.plan), items: situations.map(itemOf) });
  const sent = await sendInTurn(situations, steps).catch(async (error: unknown) => {
    run.signal.throwIfAborted();
    throw (await content?.explained(error)) ?? error;
  });
  if (!sent.every(isThere)) await content?.requireRest();
  const whole = terms.verifyTarget === true ? await readAllBack(sent, steps) : sent;
  const right = await readManifestsBack(whole, steps);
  if (terms.allOrNothing === true && right.length < goods.plan.length) holdAll(right, steps);
  else await name(right, work);
  return [];
}

/** What a delta leaves out has to be there before anything is sent. */
async function completeDelta({ goods, leftOut, pool, steps }: Delivery): Promise<void> {
  if (leftOut === undefined) return;
  const { delta, content, destination } = leftOut;
  const search = { plan: goods.plan, destination, pool, signal: steps.run.signal };
  const places = await findLeftOut(delta, search);
  content.complete(places);
  steps.record.transfers.expect(places.keys());
}

/** What refers to something comes when that is there; then the target is asked for all that it took. */
async function sendInTurn(situations: readonly Situation[], steps: Steps): Promise<Situation[]> {
  const subjects = await sendAll(
    situations.filter((one) => !isReferrer(one)),
    steps,
  );
  const referrers = await sendAll(situations.filter(isReferrer), steps);
  return confirmAll([...subjects, ...referrers], steps);
}

/** Whoever asks who has signed an image finds it out as soon as the image has its name. */
async function nameReferrers(situations: readonly Situation[], steps: Steps): Promise<void> {
  await announceReferrers(situations, steps);
  const { record } = steps;
  await publishAll(
    situations.filter(({ plan }) => !record.hasFailed(plan)),
    steps,
  );
}

/** Signatures before images, and images before charts. */
async function name(situations: readonly Situation[], work: ChartWork): Promise<void> {
  work.steps.run.onEvent({ type: "stage", stage: "tag" });
  await nameReferrers(situations.filter(isReferrer), work.steps);
  const images = situations.filter((one) => !isChart(one) && !isReferrer(one));
  await publishAll(images, work.steps);
  await publishCharts(situations.filter(isChart), work);
}

function holdAll(situations: readonly Situation[], { record }: Steps): void {
  for (const situation of situations) {
    if (isThere(situation)) record.end(situation.plan, "present");
    else record.hold(situation.plan, HELD);
  }
}

const HELD = {
  error: "Its tag was held back: not everything is there, and it was to be all or nothing",
  hint: "Its content is there: once the rest is, the same command writes the tag.",
};

const SENDING = { type: "stage", stage: "push" } as const;

function itemOf({ plan: { reference, root }, repository }: Situation): StageItem {
  return { name: reference, target: repository.name, blobs: root.blobs };
}

/** Each blob once, however many artifacts need it. */
function bytesOf(plan: readonly PlannedPush[]): number {
  const blobs = new Map(plan.flatMap(({ root }) => [...root.blobs]));
  return [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
}
