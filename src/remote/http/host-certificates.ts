import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readSmallFile } from "../../content/small-file.ts";
import { DrayError, systemCode, unreadable } from "../../errors.ts";

/** What goes for one host alone (PEM). */
export interface HostCertificates {
  /** Trusted beside those that are trusted everywhere. */
  readonly ca: readonly string[];
  /** What the client shows to that host. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
}

/** Finds what goes for a host; undefined for nothing. */
export type HostCertificateStore = (url: URL) => Promise<HostCertificates | undefined>;

/**
 * The directories in which docker and podman look for `HOST[:PORT]/*.crt`, `*.cert` and `*.key`; the
 * first that has the host counts.
 * https://github.com/containers/image/blob/v5.36.2/docs/containers-certs.d.5.md
 */
export function hostCertificates(directories: readonly string[]): HostCertificateStore {
  return async (url) => {
    for (const directory of directories) {
      for (const name of namesOf(url)) {
        const found = await readDirectory(join(directory, name));
        if (found !== undefined) return found;
      }
    }
    return undefined;
  };
}

/** As a user writes the host: a usual port may stand there or not. */
function namesOf(url: URL): string[] {
  if (url.port !== "") return [url.host];
  return [url.hostname, `${url.hostname}:${url.protocol === "https:" ? 443 : 80}`];
}

async function readDirectory(path: string): Promise<HostCertificates | undefined> {
  let names: string[];
  try {
    names = (await readdir(path)).toSorted();
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(cause) ?? "")) return undefined;
    throw unreadable(cause, "certificates of a host", path) ?? cause;
  }
  const ca: string[] = [];
  for (const name of names.filter((one) => one.endsWith(".crt"))) {
    ca.push(await read(join(path, name)));
  }
  const [name] = names.filter((one) => one.endsWith(".cert"));
  const [lone] = names.filter((one) => one.endsWith(".key"));
  if (name === undefined && lone === undefined) return { ca, certificate: undefined };
  const stem = (name ?? lone ?? "").replace(/\.(?:cert|key)$/, "");
  for (const part of [`${stem}.cert`, `${stem}.key`]) {
    if (!names.includes(part)) throw incomplete(path, part);
  }
  const [cert, key] = [
    await read(join(path, `${stem}.cert`)),
    await read(join(path, `${stem}.key`)),
  ];
  return { ca, certificate: { cert, key } };
}

async function read(path: string): Promise<string> {
  return (await readSmallFile(path, { what: "certificate of a host" })).toString("utf8");
}

function incomplete(directory: string, missing: string): DrayError {
  return new DrayError(
    "DRAY_CERTIFICATES_INVALID",
    `Cannot use the certificates in ${JSON.stringify(directory)}: expected ${missing} beside its other half, found none`,
    {
      kind: "usage",
      hint: "A client certificate is two files of one name: NAME.cert and NAME.key.",
    },
  );
}
