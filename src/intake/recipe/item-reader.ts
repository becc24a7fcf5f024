import { DrayError } from "../../errors.ts";
import { inWords, placeOf } from "../../oci/problems.ts";
import { KeyPlaces } from "../../yaml/places.ts";

/** Reads parts of a recipe; what is wrong with one says where it stands. */
export class ItemReader {
  readonly #text: string;
  readonly #path: string;

  constructor(text: string, path: string) {
    this.#text = text;
    this.#path = path;
  }

  /** What `read` makes of every item of a list. */
  each<T, R>(key: string, items: readonly T[] | undefined, read: (item: T) => R): R[] {
    return (items ?? []).map((item, index) => this.at([key, index], () => read(item)));
  }

  at<R>(path: readonly PropertyKey[], read: () => R): R {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      const { code, message, hint } = error;
      const place = placeOf(path, new KeyPlaces(this.#text)) + inWords(path);
      throw new DrayError(code, `Cannot read ${JSON.stringify(this.#path)}: ${place}${message}`, {
        kind: "usage",
        hint,
        cause: error,
      });
    }
  }
}
