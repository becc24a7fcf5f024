import { printableJson } from "./terminal.ts";

const SCHEMA_VERSION = 1;

/** A document as --json prints it. schema/ describes each, and is made of these types. @internal for schemas */
export type Printed<T extends object> = {
  /** Rises where a field of this document goes or comes to mean something else. */
  readonly schemaVersion: typeof SCHEMA_VERSION;
} & T;

/** What --json writes. */
export function printedDocument(document: object): string {
  const whole: Printed<object> = { schemaVersion: SCHEMA_VERSION, ...document };
  return `${printableJson(whole)}\n`;
}
