import type { ErrorCode } from "../codes.ts";
import { DrayError, systemCode, type ErrorKind } from "../errors.ts";
import { MemberDamage } from "./members/member-damage.ts";

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
  readonly member?: number;
}

export function toFailure(error: unknown): ThreadFailure {
  if (error instanceof DrayError) {
    const { message, code, hint, kind } = error;
    const member = error instanceof MemberDamage ? { member: error.member } : {};
    return { message, code, hint, kind, ...member };
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = systemCode(error);
  const syscall = error instanceof Error && "syscall" in error ? String(error.syscall) : undefined;
  return { message, system: { ...(code && { code }), ...(syscall && { syscall }) } };
}

export function fromFailure({ message, system, code, kind, hint, member }: ThreadFailure): Error {
  if (member !== undefined) return new MemberDamage(member, message);
  if (code !== undefined && kind !== undefined) return new DrayError(code, message, { kind, hint });
  return Object.assign(new Error(message), system);
}
