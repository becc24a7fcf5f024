import { z } from "../../oci/schema.ts";
import { keysOf, plainKey, serverOf } from "./auth-file.ts";
import { readCredentialsFile } from "./credentials-file.ts";

/** What dray changes in a docker `config.json`; all else in it stays as it is. */
const schema = z.looseObject({
  auths: z.record(z.string(), z.unknown()).nullish(),
  credHelpers: z.record(z.string(), z.string().nullish()).nullish(),
  credsStore: z.string().nullish(),
});

/** A docker `config.json` as it is to be changed. */
export type LoginFile = z.infer<typeof schema>;

/** Reads the file; one that is missing or empty has nothing in it. @throws DrayError `DRAY_CREDENTIALS_INVALID` */
export async function readLoginFile(path: string): Promise<LoginFile> {
  return (await readCredentialsFile(path, schema)) ?? {};
}

/** The helper that keeps the logins of a registry; undefined if the file itself does. */
export function helperFor(file: LoginFile, registry: string): string | undefined {
  const named = keysOf(registry).map((key) => file.credHelpers?.[key]);
  const helper = named.find((name) => name != null) ?? file.credsStore ?? "";
  return helper === "" ? undefined : helper;
}

/** The file without what it has for a registry, and whether there was something. */
export function withoutLogin(
  file: LoginFile,
  registry: string,
): { readonly file: LoginFile; readonly found: boolean } {
  const names = new Set(keysOf(registry).map(plainKey));
  const all = Object.entries(file.auths ?? {});
  const left = all.filter(([key]) => !names.has(plainKey(key)));
  return { file: { ...file, auths: Object.fromEntries(left) }, found: left.length < all.length };
}

/**
 * The file with a login in it, as docker writes it: readable by whoever can read the file. With
 * `undefined` only the mark that docker leaves of what a helper keeps.
 */
export function withLogin(
  file: LoginFile,
  registry: string,
  login: { readonly username: string; readonly password: string } | undefined,
): LoginFile {
  const cleaned = withoutLogin(file, registry).file;
  const entry =
    login === undefined
      ? {}
      : { auth: Buffer.from(`${login.username}:${login.password}`).toString("base64") };
  return { ...cleaned, auths: { ...cleaned.auths, [serverOf(registry)]: entry } };
}
