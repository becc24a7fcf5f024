import { isCalledPart, isCalledRegistry, type Leaf } from "./leaves.ts";
import type { Edit } from "./edits.ts";
import type { Setting } from "./noted-settings.ts";
import type { Rendering } from "./rendering.ts";
import type { Scene } from "./scene.ts";

/** Switches of one file that are turned to see what stands behind them. */
const MAX_SWITCHES = 12;

/** A switch, and the texts that a template looks at for names once it is turned. */
export interface BehindSwitch {
  readonly turn: Edit;
  readonly leaves: readonly Leaf[];
}

/**
 * What has a say in the names that `file` prints only together with a switch: `mirror.host`, which
 * nothing reads before `mirror.enabled` is true.
 */
export function behindSwitches(scene: Scene, file: string): BehindSwitch[] {
  const settings = scene.settingsOf(file);
  const known = new Set(settings.map(keyOf));
  return settings
    .filter(isSwitch)
    .slice(0, MAX_SWITCHES)
    .flatMap(({ path, value }) => {
      const turn = { path, value: value !== true };
      const fresh = scene.settingsWith(turn, file).filter((one) => !known.has(keyOf(one)));
      const leaves = fresh.flatMap(leafOf);
      return leaves.length === 0 ? [] : [{ turn, leaves }];
    });
}

function isSwitch({ path, value }: Setting): boolean {
  return typeof value === "boolean" || (value === null && CALLED_SWITCH.test(path.at(-1) ?? ""));
}

const CALLED_SWITCH = /^(?:enabled?|use|is|custom|override)/i;

function leafOf({ path, value }: Setting): Leaf[] {
  if (typeof value === "string" && value !== "") return [{ path, text: value, isRead: true }];
  const isEmpty = value === null || value === "";
  const isPart = isCalledPart(path) || isCalledRegistry(path);
  return isEmpty && isPart ? [{ path, text: "", isRead: true, isAbsent: true }] : [];
}

/** True if nothing but names that begin with `name` has changed, and sums that are made of them. */
export function differInNames(before: Rendering, after: Rendering, name: string): boolean {
  return (
    before.files.length === after.files.length &&
    before.files.every(({ text }, at) => {
      const now = after.files[at]?.text;
      return now === text || isSameBut(linesOf(text), linesOf(now ?? ""), name);
    })
  );
}

function isSameBut(before: readonly string[], after: readonly string[], name: string): boolean {
  return (
    before.length === after.length &&
    after.every((line, at) => line === before[at] || line.includes(name) || SUM.test(line))
  );
}

/** Lines that print something. */
function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

const SUM = /[0-9a-f]{40}/;

function keyOf({ path }: Setting): string {
  return path.join("\0");
}
