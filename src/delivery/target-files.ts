import type { ImageRule } from "../trust/images/image-rule.ts";
import { signerFiles } from "../trust/images/signer-files.ts";
import { requireNamedFiles, type NamedFile } from "../content/named-files.ts";
import type { SourceSettings } from "./target-file.ts";
import { KeyPlaces } from "../yaml/places.ts";

/** What of a target file names further files, as far as it is used. */
export interface NamingSettings {
  readonly keys?: readonly string[] | undefined;
  readonly caFiles?: readonly string[] | undefined;
  readonly policy?: readonly ImageRule[] | undefined;
  readonly source?: SourceSettings | undefined;
}

/**
 * Looks whether the files that a target file names are there.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, with line and column
 */
export async function requireTargetFiles(
  { keys = [], caFiles = [], policy = [], source }: NamingSettings,
  { bytes, path }: { readonly bytes: Buffer; readonly path: string },
): Promise<void> {
  const places = new KeyPlaces(bytes.toString("utf8"));
  await requireNamedFiles({ path, places }, [
    ...listed(["keys"], keys),
    ...listed(["caFiles"], caFiles),
    ...listed(["source", "caFiles"], source?.caFiles ?? []),
    ...signerFiles(policy),
  ]);
}

function listed(key: readonly string[], paths: readonly string[]): NamedFile[] {
  return paths.map((path, index) => ({ path, at: [...key, index] }));
}
