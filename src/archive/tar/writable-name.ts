import { entryPath } from "../entry-path.ts";

/** Bytes of a plain header's two fields for a name, of which the first has its last part. */
const MAX_NAME = 100;
const MAX_PREFIX = 155;

/**
 * True of names that need no PAX record, so that any tar reads them, and that archiver writes as they
 * are: it strips what looks like a drive or a scheme. One that `mayBeLong` gets a record where it has to.
 */
export function isWritableName(
  name: string,
  { mayBeLong = false }: { readonly mayBeLong?: boolean } = {},
): boolean {
  const isPlain = /^(?!\w+:)[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(name);
  const checked = entryPath(name);
  const isSafe = "path" in checked && checked.path === name;
  return isPlain && isSafe && (mayBeLong || fitsHeader(name));
}

/** True of names that need no record beside the header. */
export function fitsHeader(name: string): boolean {
  if (name.length <= MAX_NAME) return true;
  const slash = name.indexOf("/", name.length - MAX_NAME - 1);
  return slash > 0 && slash <= MAX_PREFIX;
}
