import type { ErrorCode } from "../codes.ts";
import { DrayError, systemCode, type ErrorKind } from "../errors.ts";
import { MemberDamage, type DamagedPlace } from "./members/member-damage.ts";

/** Threads that pass bytes on make few objects: with more room they only keep the dead ones longer. */
export const SMALL_HEAP = { maxYoungGenerationSizeMb: 2 };

/** What is left of an error on the way between threads, which its class does not survive. */
export interface ThreadFailure {
  readonly message: string;
  /** Of an error of the system. */
  readonly system?: { readonly code?: string; readonly syscall?: string };
  /** Of a `DrayError`. */
  readonly code?: ErrorCode;
  readonly kind?: ErrorKind;
  readonly hint?: string | undefined;
  /** Of a `MemberDamage`. */
  readonly place?: DamagedPlace;
}

export function toFailure(error: unknown): ThreadFailure {
  if (error instanceof DrayError) {
    const { message, code, hint, kind } = error;
    const place = error instanceof MemberDamage ? { place: error.place } : {};
    return { message, code, hint, kind, ...place };
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = systemCode(error);
  const syscall = error instanceof Error && "syscall" in error ? String(error.syscall) : undefined;
  return { message, system: { ...(code && { code }), ...(syscall && { syscall }) } };
}

export function fromFailure({ message, system, code, kind, hint, place }: ThreadFailure): Error {
  if (place !== undefined) return new MemberDamage(place, message);
  if (code !== undefined && kind !== undefined) return new DrayError(code, message, { kind, hint });
  return Object.assign(new Error(message), system);
}
