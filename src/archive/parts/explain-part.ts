import { basename, dirname } from "node:path";
import { DrayError } from "../../errors.ts";
import { joiningZip } from "../known-file.ts";
import { damagedParts } from "./part-damage.ts";
import { joining, nameOfPart, partOf, type Part } from "./part-name.ts";
import type { PartSet } from "./part-set.ts";

/** Why what was named cannot be read, where that is because it is cut into parts, or one of them. */
export async function explainPart(error: unknown, path: string, set?: PartSet): Promise<unknown> {
  if (!(error instanceof DrayError) || error.kind !== "refused") return error;
  // That it is a part, and which, has been said.
  if (error.code.startsWith("DRAY_PART")) return error;
  if (set !== undefined && set.pieces.length > 1) return explainParts(error, set);
  const part = set?.part ?? partOf(basename(path));
  if (part !== undefined) return alone(path, part.whole, othersOf(part, path));
  const last = path.replace(ZIP_PART, ".zip");
  return last === path ? error : alone(path, basename(last), joiningZip(last));
}

/** All parts of a zip but the last, which is called `.zip`. */
const ZIP_PART = /\.z\d{2,3}$/i;

function othersOf(part: Part, path: string): string {
  const other = basename(nameOfPart(part, part.number === 1 ? 2 : 1));
  return `No other part lies in ${JSON.stringify(dirname(path))}, such as ${JSON.stringify(other)}. Put all of them there, or name their folders with --parts DIR.`;
}

function alone(path: string, whole: string, hint: string): DrayError {
  return new DrayError(
    "DRAY_PART_ALONE",
    `Cannot open ${JSON.stringify(path)}: expected a bundle, found a part of ${JSON.stringify(whole)}`,
    { kind: "refused", hint },
  );
}

/** Names the part that is damaged, or has what cannot be read as one made one file first. */
async function explainParts(error: DrayError, set: PartSet): Promise<DrayError> {
  const { message, code, kind } = error;
  if (code === "DRAY_ARCHIVE_UNSUPPORTED") {
    const hint = `Join all parts first: ${joining(set.part, dirname(set.path))}. ${error.hint ?? ""}`;
    return new DrayError(code, message, { kind, hint, cause: error });
  }
  const [damage] = await damagedParts(set);
  if (damage === undefined) return error;
  const { hint } = damage;
  return new DrayError("DRAY_PART_DAMAGED", damage.message, { kind, hint, cause: error });
}
