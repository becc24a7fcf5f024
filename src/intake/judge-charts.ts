import type { Adopted } from "../foreign/adopt.ts";
import type { BundleFile } from "../bundle/artifact.ts";
import { MAX_CHART_BYTES } from "../chart/chart-archive.ts";
import {
  checkProvenance,
  type ProvenanceOptions,
  type SignedChart,
} from "../chart/provenance/check-provenance.ts";
import { readVerified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { ObtainedChart } from "./charts/obtain-chart.ts";

/**
 * What has to be said of charts before they are packed: what they lack, and who has signed them.
 * @throws DrayError `DRAY_CHART_DEPENDENCY_MISSING`, `DRAY_CHART_UNTRUSTED`
 */
export async function judgeCharts(
  charts: readonly ObtainedChart[],
  adopted: Adopted,
  provenance: ProvenanceOptions & { signal: AbortSignal },
): Promise<Finding[]> {
  const findings = charts.flatMap(incomplete);
  for await (const chart of signedCharts(charts, adopted)) {
    const finding = await checkProvenance(chart, provenance);
    if (finding !== undefined) findings.push(finding);
  }
  requireTrust(findings);
  return findings;
}

/** What was packed here is whole or is not packed; what others have packed is carried as it is. */
function incomplete({ origin, artifact, lacks, failures }: ObtainedChart): Finding[] {
  const [failure] = failures;
  if (origin === "directory" && failure !== undefined) throw failure;
  if (lacks.length === 0) return [];
  const { name } = artifact;
  return [
    {
      code: "CHART_INCOMPLETE",
      severity: "warning",
      entry: name,
      message: `${name} does not hold what it depends on: ${lacks.join(", ")}`,
      hint: "Helm does not install it like that; `helm dependency build` packs them into it.",
    },
    ...failures.map(({ message }): Finding => ({
      code: "DEPENDENCY_MISSING",
      severity: "warning",
      entry: name,
      message,
    })),
  ];
}

async function* signedCharts(
  charts: readonly ObtainedChart[],
  { artifacts }: Adopted,
): AsyncGenerator<SignedChart> {
  for (const { artifact, tgz, provenance } of charts) {
    yield { name: artifact.name, tgz, provenance };
  }
  for (const { reference, chart } of artifacts) {
    const [file, signature] = chart?.files ?? [];
    if (file === undefined) continue;
    const provenance = signature === undefined ? undefined : await contentOf(signature);
    yield { name: reference, tgz: await contentOf(file), provenance };
  }
}

function contentOf({ source, descriptor }: BundleFile): Promise<Buffer> {
  return readVerified(source, descriptor, { maxBytes: MAX_CHART_BYTES });
}

function requireTrust(findings: readonly Finding[]): void {
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  throw new DrayError(
    "DRAY_CHART_UNTRUSTED",
    `Cannot pack charts: ${errors.map(({ message }) => message).join("; ")}`,
    { kind: "refused", hint: errors[0]?.hint },
  );
}
