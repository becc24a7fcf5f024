/**
 * Adds many to a list. Spread into the arguments of a call, a list of strangers' making would not fit on
 * the stack.
 */
export function append<T>(list: T[], more: Iterable<T>): void {
  for (const one of more) list.push(one);
}
