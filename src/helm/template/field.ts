import type { Call, TemplateFunction } from "./signature.ts";
import { TemplateError } from "./template-error.ts";
import { isTextMap, Struct, typeOf, type Value } from "./value.ts";

/** What Go would find before the keys of a map (`.Files.Get`), or behind a struct. */
type Methods = Readonly<Record<string, TemplateFunction>>;

const methodsOf = new WeakMap<object, Methods>();

/** Gives `value` methods, and gives it back. */
export function withMethods<V extends object>(value: V, methods: Methods): V {
  methodsOf.set(value, methods);
  return value;
}

export function copyMethods(from: object, to: object): void {
  const methods = methodsOf.get(from);
  if (methods !== undefined) methodsOf.set(to, methods);
}

/** A method of a value, if it has one of that name. */
export function methodOf(receiver: Value, name: string): TemplateFunction | undefined {
  if (typeof receiver !== "object" || receiver === null) return undefined;
  const methods = methodsOf.get(receiver);
  return methods !== undefined && Object.hasOwn(methods, name) ? methods[name] : undefined;
}

/**
 * `receiver.name`. A missing key is nil; a field of nil is an error, as in Go.
 * @throws TemplateError
 */
export function fieldOf(receiver: Value, name: string, call: Call): Value {
  if (receiver instanceof Map)
    return call.read(receiver, name) ?? (isTextMap(receiver) ? "" : null);
  if (receiver === null) throw new TemplateError(`nil pointer evaluating interface {}.${name}`);
  const field = receiver instanceof Struct ? receiver.fields.get(name) : undefined;
  if (field === undefined) {
    throw new TemplateError(`can't evaluate field ${name} in type ${typeOf(receiver)}`);
  }
  return field;
}
