import { DrayError } from "../../errors.ts";

/** What is wrong with a zip, or with one member of it. */
export function zipDamaged(what: string, name: string | undefined, reason: string): DrayError {
  const where = name === undefined ? "" : `${JSON.stringify(name)} in `;
  return new DrayError("DRAY_ZIP_DAMAGED", `Cannot read ${where}the zip ${what}: ${reason}`, {
    kind: "refused",
    hint: "The file changed after it was written. Copy it again.",
  });
}
