import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { readSmallFile } from "../../content/small-file.ts";
import { DrayError, systemCode } from "../../errors.ts";

/** Where systems keep the certificates that their administrators trust. */
const SYSTEM_FILES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/** The system's certificates, in PEM; none where it keeps them elsewhere. */
export async function systemCertificates(): Promise<string[]> {
  for (const path of SYSTEM_FILES) {
    try {
      return [await readFile(path, "utf8")];
    } catch (error) {
      // The next one, then: every system has its own place.
      if (systemCode(error) === undefined) throw error;
    }
  }
  return [];
}

/**
 * Certificates, in PEM, of a file that somebody named; `what` says where. The system's own are not
 * looked at one by one, which takes longer than reading a chart.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_CERTIFICATES_INVALID` if it has none, or one that cannot be read
 */
export async function readCertificates(path: string, what: string): Promise<string> {
  const text = (await readSmallFile(path, { what })).toString("utf8");
  if (SYSTEM_FILES.includes(path)) return text;
  const certificates = text.split(BEGINNINGS).filter((part) => part.startsWith("-----BEGIN"));
  const bad = certificates.findIndex((one) => !isReadable(one));
  if (certificates.length > 0 && bad === -1) return text;
  const found =
    bad === -1 ? "found none" : `cannot read certificate ${bad + 1} of ${certificates.length}`;
  throw new DrayError(
    "DRAY_CERTIFICATES_INVALID",
    `Cannot use ${what} ${JSON.stringify(path)}: expected certificates in PEM, ${found}`,
    { kind: "usage", hint: bad === -1 ? NO_PEM : DAMAGED },
  );
}

/** Before each certificate: what follows it belongs to it, so that one without an end is found too. */
const BEGINNINGS = /^(?=-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----)/m;

const NO_PEM =
  "PEM begins with -----BEGIN CERTIFICATE-----; openssl x509 -inform der -in FILE makes it of DER.";
const DAMAGED =
  "It is cut off, or was changed on its way here: get the file anew; openssl x509 -in FILE -noout -text shows one that is whole.";

function isReadable(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
