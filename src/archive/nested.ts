import type { Bytes } from "../content/content.ts";
import type { Finding } from "../finding.ts";
import type { Archive } from "./archive.ts";
import type { Layer } from "./wrapping.ts";
import type { RawEntry } from "./tar/tar-reader.ts";

/** The archive that is a member of another; in place where the other holds it as it is. */
export async function nestedLayer(archive: Archive, entry: RawEntry): Promise<Layer> {
  const range = await archive.inPlace?.(entry);
  return {
    forms: archive.form.split(", "),
    range,
    leastSize: entry.size,
    stream: () => range?.read(0, range.size) ?? archive.read?.(entry) ?? contentOf(archive, entry),
  };
}

async function* contentOf(archive: Archive, { position }: RawEntry): Bytes {
  for await (const raw of archive.entries({ check: false })) {
    if (raw.position !== position) continue;
    yield* raw.content();
    break;
  }
}

export function nestedIn(path: string, name: string): Finding {
  return {
    code: "ARCHIVE_NESTED",
    severity: "info",
    entry: name,
    message: `${JSON.stringify(path)} holds nothing but ${JSON.stringify(name)}, which was opened`,
  };
}
