import { DrayError } from "../../errors.ts";
import type { Finding } from "../../finding.ts";
import { readChartArchive } from "../chart-archive.ts";
import { verifySigned } from "./gpgv.ts";
import { withKeyring } from "./keyring.ts";
import { requireProvenance } from "./provenance.ts";

export interface ProvenanceOptions {
  /** File with the public keys of those who sign charts. */
  readonly keyring?: string | undefined;
  /** Path of the program that checks signatures (`defaults().gpgv()`). */
  readonly gpgv?: string | undefined;
  /** A chart whose provenance is not there, not right or not checked is refused. @default false */
  readonly required?: boolean | undefined;
}

export interface SignedChart {
  /** For messages. */
  readonly name: string;
  readonly tgz: Buffer;
  readonly provenance: Buffer | undefined;
}

/**
 * Says of a chart what its provenance is worth; undefined if it has none and nobody asks. What could
 * not be checked is never good.
 */
export async function checkProvenance(
  chart: SignedChart,
  { keyring, gpgv, required = false, signal }: ProvenanceOptions & { signal?: Signal },
): Promise<Finding | undefined> {
  const { name, provenance } = chart;
  const severity = required ? "error" : keyring === undefined ? "info" : "warning";
  if (provenance === undefined) {
    if (severity === "info") return undefined;
    return said(name, { code: "PROVENANCE_MISSING", severity, what: "has no provenance" });
  }
  if (keyring === undefined || gpgv === undefined) {
    return unchecked(name, severity, keyring === undefined ? NO_KEYRING : NO_GPGV);
  }
  try {
    const signer = await signerOf({ ...chart, provenance }, { keyring, gpgv, signal });
    return said(name, {
      code: "PROVENANCE_GOOD",
      severity: "info",
      what: `is signed by ${signer}`,
    });
  } catch (error) {
    if (!(error instanceof DrayError) || error.code !== "DRAY_PROVENANCE_WRONG") throw error;
    const what = `has wrong provenance: ${error.message}`;
    return said(name, { code: "PROVENANCE_WRONG", severity, what });
  }
}

type Signal = AbortSignal | undefined;

interface Lack {
  readonly reason: string;
  readonly hint: string;
}

const NO_KEYRING: Lack = {
  reason: "no keyring was given",
  hint: "Name the keys of those whom you trust with --keyring.",
};
const NO_GPGV: Lack = { reason: "there is no gpgv", hint: "Install GnuPG, or only its gpgv." };

function unchecked(name: string, severity: Finding["severity"], { reason, hint }: Lack): Finding {
  const what = `has provenance that was not checked: ${reason}`;
  return { ...said(name, { code: "PROVENANCE_UNCHECKED", severity, what }), hint };
}

async function signerOf(
  { name, tgz, provenance }: SignedChart & { provenance: Buffer },
  { keyring, ...options }: { keyring: string; gpgv: string; signal?: Signal },
): Promise<string> {
  const { text, signer } = await withKeyring(keyring, (path) =>
    verifySigned(provenance, { ...options, keyring: path }),
  );
  const { metadata } = await readChartArchive(tgz, name);
  requireProvenance(text, { metadata, tgz });
  return signer;
}

function said(
  name: string,
  { code, severity, what }: Pick<Finding, "code" | "severity"> & { what: string },
): Finding {
  return { code, severity, entry: name, message: `${name} ${what}` };
}
