import { counted, discard } from "../content/content.ts";
import { verified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import type { Run } from "../events.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { blobPath } from "../oci/image-layout.ts";
import { neededBy, needingOf, type NeededBy } from "./needed-by.ts";
import type { UsableBundle } from "./opened.ts";

/** Reads blobs of a bundle to their end: what is damaged is named with its place and what needs it. */
export async function checkBlobs(
  bundle: UsableBundle,
  blobs: Iterable<Descriptor>,
  { signal, onEvent }: Pick<Run, "signal" | "onEvent">,
): Promise<Finding[]> {
  const { source } = bundle;
  const findings: Finding[] = [];
  let needOf: NeededBy | undefined;
  for (const blob of blobs) {
    signal.throwIfAborted();
    try {
      const content = counted(source.fetch(blob, { signal, reuse: true }), onEvent);
      await discard(verified(content, blob, { from: source.name }));
    } catch (error) {
      if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
      needOf ??= neededBy(needingOf(bundle));
      findings.push(await damage(blob, error, { source, needOf }));
    }
  }
  return findings;
}

async function damage(
  blob: Descriptor,
  error: DrayError,
  { source, needOf }: Pick<UsableBundle, "source"> & { readonly needOf: NeededBy },
): Promise<Finding> {
  const path = blobPath(blob.digest);
  // Where the framing is damaged, the message says where already.
  const place = error.message.includes(path) ? undefined : await source.placeOf(blob);
  const where = place === undefined ? "" : `; it is ${place}`;
  const need = needOf(path) ?? "nothing";
  return {
    ...findingOf(error, path),
    message: `${error.message}${where}; needed by ${need}`,
    hint: "Copy the bundle again from where it was made, or pack it again. No tag was written.",
  };
}
