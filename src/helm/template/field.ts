import type { Call, TemplateFunction } from "./signature.ts";
import { TemplateError } from "./template-error.ts";
import { Dict, Struct, typeOf, type Value } from "./value.ts";

type Methods = ReadonlyMap<string, TemplateFunction>;

/** A method of a value, if it has one of that name. */
export function methodOf(receiver: Value, name: string): TemplateFunction | undefined {
  const hasMethods = typeof receiver === "object" && receiver !== null && "methods" in receiver;
  return hasMethods ? (receiver as { methods?: Methods }).methods?.get(name) : undefined;
}

/**
 * `receiver.name`. A missing key is nil; a field of nil is an error, as in Go.
 * @throws TemplateError
 */
export function fieldOf(receiver: Value, name: string, call: Call): Value {
  if (receiver instanceof Dict) return call.read(receiver, name);
  if (receiver === null) throw new TemplateError(`nil pointer evaluating interface {}.${name}`);
  const field = receiver instanceof Struct ? receiver.fields.get(name) : undefined;
  if (field === undefined) {
    throw new TemplateError(`can't evaluate field ${name} in type ${typeOf(receiver)}`);
  }
  return field;
}
