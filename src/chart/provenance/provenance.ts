import { DrayError } from "../../errors.ts";
import { digestOf } from "../../oci/digest.ts";
import { parseAs, z } from "../../oci/schema.ts";
import { readGoTexts } from "../../yaml/texts.ts";
import type { ChartMetadata } from "../chart-yaml.ts";

const filesSchema = z.object({ files: z.record(z.string(), z.string()) });
const chartSchema = z.object({ name: z.string(), version: z.string() });

/**
 * Compares a chart with what somebody has signed of it: a Chart.yaml, a line of three dots, and the
 * digests of files. The name counts too: a signature for one version is none for another.
 * https://helm.sh/docs/topics/provenance/#the-provenance-file
 *
 * @throws DrayError `DRAY_PROVENANCE_WRONG`
 */
export function requireProvenance(
  text: string,
  { metadata, tgz }: { metadata: ChartMetadata; tgz: Buffer },
): void {
  const [chartYaml = "", listing = "", ...more] = text.split(/^\.\.\.[ \t]*\r?$/m);
  if (more.join("").trim() !== "") throw wrong("it has more than two parts");
  const chart = read(chartSchema, chartYaml);
  const { files } = read(filesSchema, listing);
  const file = `${metadata.name}-${metadata.version}.tgz`;
  if (chart.name !== metadata.name || chart.version !== metadata.version) {
    throw wrong(`it is for ${chart.name} ${chart.version}`);
  }
  const signed = Object.hasOwn(files, file) ? files[file] : undefined;
  if (signed === undefined) throw wrong(`it does not name ${file}`);
  const digest = digestOf(tgz);
  if (signed !== digest) throw wrong(`it is for content with ${signed}, found ${digest}`);
}

function read<T>(schema: z.ZodType<T>, text: string): T {
  try {
    const what = "provenance";
    return parseAs(schema, readGoTexts(text, what), { what, code: "DRAY_PROVENANCE_WRONG" });
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    throw wrong(`it cannot be read: ${cause.message}`, cause);
  }
}

function wrong(reason: string, cause?: unknown): DrayError {
  return new DrayError("DRAY_PROVENANCE_WRONG", reason, { kind: "refused", cause });
}
