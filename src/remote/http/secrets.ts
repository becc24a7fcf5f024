import { DrayError } from "../../errors.ts";
import { Transient } from "./patience.ts";

/** What is shorter could be a part of any word. */
const MIN_LENGTH = 4;

/**
 * What a client has logged in with. Servers repeat what they got, by itself too and not only behind the
 * name of its scheme; nothing of it must stand in what is said of their answers.
 */
export class Secrets {
  readonly #known = new Set<string>();
  #pattern: RegExp | undefined;

  /** Remembers what an `Authorization` header gives away. */
  note(header: string | undefined): void {
    const [, scheme = "", value] = /^(\S+) (.+)$/.exec(header ?? "") ?? [];
    if (value === undefined || this.#known.has(value)) return;
    this.#add(value);
    if (scheme.toLowerCase() !== "basic") return;
    const login = Buffer.from(value, "base64").toString("utf8");
    this.#add(login);
    this.#add(login.slice(login.indexOf(":") + 1));
    this.#add(Buffer.from(login).toString("base64url"));
  }

  /** A text without them. */
  masked(text: string): string {
    const plain = text
      .replace(/\b(basic|bearer|negotiate)(?:\s+|%20|\+)[^\s",;]+/gi, "$1 ***")
      // Addresses that a registry leads to are good for whoever knows them.
      .replace(/\?[\w.~%[\]-]+=[^\s"'<>]*/g, "?***");
    return this.#pattern === undefined ? plain : plain.replace(this.#pattern, "***");
  }

  /** What `work` gives, or its error without them in the message. */
  async keptFrom<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.#clean(error);
      throw error;
    }
  }

  /** As `keptFrom`, for what is read while it comes. */
  async *keptFromReading<T>(content: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* content;
    } catch (error) {
      this.#clean(error);
      throw error;
    }
  }

  #clean(error: unknown): void {
    for (const one of error instanceof Transient ? [error, error.error] : [error]) {
      if (one instanceof DrayError || one instanceof Transient) {
        one.message = this.masked(one.message);
      }
    }
  }

  #add(secret: string): void {
    for (const form of [secret, encodeURIComponent(secret)]) {
      if (form.length >= MIN_LENGTH) this.#known.add(form);
    }
    // The longest first: one may be a part of another. Hosts are repeated in small letters.
    const forms = [...this.#known].toSorted((a, b) => b.length - a.length).map(escaped);
    this.#pattern = forms.length === 0 ? undefined : new RegExp(forms.join("|"), "gi");
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
