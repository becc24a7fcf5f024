import { parentPort, workerData } from "node:worker_threads";
import { toFailure } from "../threads.ts";
import { followFront, type Arrived, type FrontPlan } from "./member-front.ts";
import { LatestArrival, type FrontNews } from "./open-front.ts";

/** The thread of a front: what it hears is how far the content is there. */
const arrivals = new LatestArrival();
parentPort?.on("message", (arrived: Arrived) => arrivals.tell(arrived));

const tell = (news: FrontNews): void => parentPort?.postMessage(news);

async function follow(): Promise<void> {
  try {
    const plan = workerData as FrontPlan;
    tell({ digest: await followFront(plan, arrivals, (sealed) => tell({ sealed })) });
  } catch (error) {
    tell({ failure: toFailure(error) });
  }
}

void follow();
