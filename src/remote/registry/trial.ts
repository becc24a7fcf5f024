import type { DrayError } from "../../errors.ts";

/**
 * Which credentials have worked. Those that were refused before they ever did are not offered again:
 * directories lock an account after a few wrong passwords, and a hundred images are a hundred tries.
 */
export class Trial {
  readonly #proven = new Set<string>();
  readonly #refused = new Map<string, DrayError>();

  /** @throws what was given to `refuse` */
  requireHope(secret: string): void {
    const error = this.#refused.get(secret);
    if (error !== undefined) throw error;
  }

  prove(secret: string): void {
    this.#proven.add(secret);
  }

  refuse(secret: string, error: DrayError): void {
    if (!this.#proven.has(secret)) this.#refused.set(secret, error);
  }
}
