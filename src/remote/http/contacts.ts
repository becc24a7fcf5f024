/** Addresses of one origin that are remembered: what it is for shows in the first few. */
const MOST_URLS = 16;

/** Every origin that was asked anything, by whoever asks over one access to the network. */
export class Contacts {
  readonly #urls = new Map<string, URL[]>();

  note(url: URL): void {
    const known = this.#urls.get(url.origin) ?? [];
    this.#urls.set(url.origin, known);
    if (known.length < MOST_URLS) known.push(url);
  }

  /** The first addresses of each origin, in the order in which they were asked. */
  all(): readonly (readonly URL[])[] {
    return [...this.#urls.values()];
  }
}
