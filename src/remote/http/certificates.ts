import { readFile } from "node:fs/promises";
import { DrayError, systemCode, unreadable } from "../../errors.ts";

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
 * Certificates, in PEM, of a file that somebody named; `what` says where.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_CERTIFICATES_INVALID` if it has none
 */
export async function readCertificates(path: string, what: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(cause, what, path) ?? cause;
  }
  if (/^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/m.test(text)) return text;
  throw new DrayError(
    "DRAY_CERTIFICATES_INVALID",
    `Cannot use ${what} ${JSON.stringify(path)}: expected certificates in PEM, found none`,
    {
      kind: "usage",
      hint: "PEM begins with -----BEGIN CERTIFICATE-----; openssl x509 -inform der -in FILE makes it of DER.",
    },
  );
}
