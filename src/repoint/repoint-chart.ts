import { setImmediate } from "node:timers/promises";
import type { Chart } from "../chart/chart.ts";
import { discoverImages } from "../discover/discover-images.ts";
import { isNeeded, type Discovery, type DiscoveredImage } from "../discover/discovery.ts";
import type { DiscoverySettings } from "../discover/find-images.ts";
import type { Run } from "../events.ts";
import { readUserValues, type ValueSet } from "../helm/values/user-values.ts";
import { openSchemas } from "../helm/values/schema.ts";
import { joinEdits, type Edit } from "./edits.ts";
import { EgressSearch, type ProvenEgress } from "./egress/proven-egress.ts";
import { minimize, type KeptEdit } from "./minimize.ts";
import type { TargetNames } from "./names.ts";
import { optionalScenes, unseen } from "./optional-scenes.ts";
import {
  compareProven,
  joinPlaces,
  proveImages,
  unmoved,
  withReplaced,
  type ProvenImage,
} from "./proof.ts";
import { Renderer, type Rendering } from "./rendering.ts";
import { PinSearch, type Repin } from "./pins/pin-search.ts";
import { Scene, type Goal } from "./scene.ts";
import { SecretSearch, type SecretEdit } from "./pull-secrets.ts";
import { Search, type Plan } from "./search.ts";
import { unlockingEdits } from "./unlock.ts";
import { workloadsOf, type Workload } from "./workloads.ts";
import { writeEdits } from "./write-edits.ts";

export interface RepointWishes {
  readonly names: TargetNames;
  /** Values of the user, on top of which the others go. */
  readonly valueSet: ValueSet;
  readonly settings: DiscoverySettings;
  /** Leave images alone that these values do not pull. */
  readonly neededOnly: boolean;
  /** Name of the secret that every workload is to pull with. */
  readonly pullSecret?: string | undefined;
  /** Says of the images that are moved which digests they are to have. @default as they were */
  readonly repins?: ((goals: readonly Goal[]) => Promise<Repin>) | undefined;
}

/** Values that point a chart at the target, and what they were seen to do. */
export interface Repointed {
  /** The text of a file of values; it has a comment for each. */
  readonly text: string;
  readonly edits: readonly KeptEdit[];
  readonly secretEdits: readonly SecretEdit[];
  /** What runs pods, and whether it has the secret; nothing unless one is asked for. */
  readonly workloads: readonly Workload[];
  readonly images: readonly ProvenImage[];
  /** What these values let reach outside. */
  readonly egress: readonly ProvenEgress[];
  /** What could not be rendered, and why the chart refuses the values. */
  readonly problems: readonly string[];
  readonly discovery: Discovery;
}

/**
 * Finds values with which a chart pulls its images from the target, each tried by rendering the chart
 * with it, and none that could be left out. What was found is proven once more by rendering the chart
 * with the text that is handed out.
 *
 * @throws DrayError for values that cannot be read
 */
export async function repointChart(
  chart: Chart,
  { names, valueSet, settings, neededOnly, pullSecret, repins }: RepointWishes,
  { signal }: Run,
): Promise<Repointed> {
  const problemsWith = await (await openSchemas(chart)).ready();
  const given = await readUserValues(valueSet);
  const discovery = await discoverImages(chart, { ...settings, signal, values: [given] });
  const renderer = new Renderer(chart, { settings, problemsWith });
  const base = new Scene(
    { renderer, names },
    { values: given, apis: [], when: [] },
    {
      wants: (spot) => !neededOnly || isNeeded(spot.evidence),
    },
  );
  let edits = await bestEdits(base);
  const scenes = [base];
  if (!neededOnly) {
    const stage = { given, composed: base.composed, renderer, names };
    for (const scene of optionalScenes(discovery.images, base, stage)) {
      signal.throwIfAborted();
      await setImmediate();
      edits = withOptional(scene, edits, scenes);
      scenes.push(scene);
    }
  }
  edits = joinEdits(edits, unlockingEdits(base.refusals(edits), base.composed));
  if (repins !== undefined) {
    const goals = scenes.flatMap((scene) => [...scene.goals.values()]);
    edits = new PinSearch(scenes, edits, await repins(goals)).run();
  }
  const kept = minimize(edits, scenes);
  const serving = pullSecret === undefined ? [] : new SecretSearch(scenes, kept, pullSecret).run();
  const found = writeEdits({ moving: kept, serving }, scenes, chart);
  const values = await readUserValues({
    ...valueSet,
    files: [...(valueSet.files ?? []), { name: "the values found", text: found }],
  });
  // A name of two words may be that of a service and of its namespace.
  const inside = `.${settings.namespace ?? "default"}`;
  const isOwn = (host: string): boolean => names.isHost(host) || host.endsWith(inside);
  const installation = { values, apis: [] };
  const final = renderer.renderAll(installation);
  const { egress, text } = new EgressSearch(renderer, installation, isOwn).run(final);
  return {
    text: found + text,
    egress,
    edits: kept,
    secretEdits: serving,
    discovery,
    workloads:
      pullSecret === undefined
        ? []
        : workloadsOf(scenes, [...kept, ...serving], {
            final,
            secret: pullSecret,
            namespace: settings.namespace,
          }),
    ...prove(scenes, { final, kept, names, others: unseen(discovery, scenes, neededOnly) }),
  };
}

const PLANS: readonly Plan[] = ["shared", "single", "any"];

/** By the plan that moves most images; the first that moves all is as good as any. */
async function bestEdits(base: Scene): Promise<readonly Edit[]> {
  let best: readonly Edit[] = [];
  let most = 0;
  for (const plan of PLANS) {
    if (most === base.goals.size) break;
    await setImmediate();
    const edits = new Search(base, []).run(plan);
    const moved = base.movedIn(base.render(edits)).size;
    if (moved > most) [best, most] = [edits, moved];
  }
  return most === base.goals.size ? best : new Search(base, best).runAbsent();
}

/** What moves optional images must leave where they are those that are moved. */
function withOptional(
  scene: Scene,
  before: readonly Edit[],
  others: readonly Scene[],
): readonly Edit[] {
  if (scene.movedIn(scene.render(before)).size === scene.goals.size) return before;
  for (const plan of ["shared", "single"] as const) {
    const search = new Search(scene, before);
    search.run(plan);
    const edits = search.runAbsent();
    if (edits === before || !others.some((other) => harms(other, before, edits))) return edits;
  }
  return before;
}

function harms(scene: Scene, before: readonly Edit[], after: readonly Edit[]): boolean {
  const still = scene.movedIn(scene.render(after));
  return [...scene.movedIn(scene.render(before))].some((key) => !still.has(key));
}

function prove(
  scenes: readonly Scene[],
  {
    final,
    kept,
    names,
    others: unproven,
  }: {
    readonly final: Rendering;
    readonly kept: readonly KeptEdit[];
    readonly names: TargetNames;
    readonly others: readonly DiscoveredImage[];
  },
): Pick<Repointed, "images" | "problems"> {
  const [base, ...others] = scenes;
  if (base === undefined) throw new Error("there is always the scene of the values given");
  const optional = others.flatMap((scene) => proveImages(scene, scene.render(kept), kept));
  const left = unproven.map((image) => unmoved(image, names.of(image.reference)));
  const shown = withReplaced(joinPlaces([...proveImages(base, final, kept), ...optional]));
  const images = [...shown, ...left].toSorted(compareProven);
  const problems = final.problems.map(
    ({ file, line, reason }) => `${file}:${line}: ${reason.trim()}`,
  );
  return { images, problems };
}
