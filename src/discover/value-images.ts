import type { Dict, Value } from "../helm/template/value.ts";
import type { ValuesPath } from "../helm/values/path.ts";
import { append } from "../content/append.ts";
import { speaksOfImage } from "./image-key.ts";
import {
  isPlausible,
  isUnmistakable,
  readImageText,
  unmistakableIn,
  type ImageText,
} from "./image-text.ts";
import { TOP, walkTable, type Place } from "./walk.ts";

/** An image that values describe. */
export interface ValueImage {
  /** Undefined where the tag is not in the values. */
  readonly image: ImageText | undefined;
  /** Registry and repository as far as they are written, and the tag, which may be empty. */
  readonly repository: string;
  readonly tag: string;
  readonly path: ValuesPath;
  /** A name or the form of the table says that it is an image. */
  readonly certain: boolean;
  /** The registry is written out too: nothing has to be added. */
  readonly whole: boolean;
  /** The setting closest above it that is off. */
  readonly enabledBy: ValuesPath | undefined;
}

/** Images in values: tables in all dialects, and whole references under any name. */
export function imagesInValues(
  values: Dict,
  path: ValuesPath,
  skip: ReadonlySet<string>,
): ValueImage[] {
  const found: ValueImage[] = [];
  const top = new Map<string, Value>([...values].filter(([key]) => !skip.has(key)));
  walkTable(
    top,
    { ...TOP, path },
    {
      names: speaksOfImage,
      shape: ({ image, repository, tag, keys }, { path: table, named, off }) => {
        // A name with a version alone is as often a package as an image.
        const speaks = keys.some(speaksOfRepository);
        if (!named && image?.hasHost !== true && !speaks) return false;
        // So is a bare name without one: of a cache of images, of a service that has them.
        if (image === undefined && !speaks && !repository.includes("/")) return false;
        const place = [...table, mainKey(keys)];
        const said = { image, repository, tag, path: place };
        const whole = image?.hasHost === true;
        found.push({ ...said, certain: true, whole, enabledBy: off });
        return true;
      },
      text: (text, place) => append(found, imagesInText(text, place)),
    },
  );
  return found;
}

function speaksOfRepository(key: string): boolean {
  return /repo|image/i.test(key);
}

function mainKey(keys: readonly string[]): string {
  return (
    keys.find((key) => /repo/i.test(key)) ??
    keys.find((key) => /image|name/i.test(key)) ??
    keys[0] ??
    ""
  );
}

function imagesInText(text: string, { path, named, off: enabledBy }: Place): ValueImage[] {
  const whole = readImageText(text.trim());
  const images = whole === undefined ? unmistakableIn(text) : [whole];
  return images.flatMap((image): ValueImage[] => {
    const isNamed = named && whole !== undefined && isPlausible(image);
    const certain = isNamed && (image.hasHost || image.hasPath);
    // A short name counts where it has a tag: `image: busybox:1.36`.
    if (!certain && !isUnmistakable(image) && !(isNamed && image.pinned)) return [];
    const { registry, repository, tag = "" } = image.reference;
    const name = `${registry}/${repository}`;
    const said = { repository: name, path, certain, enabledBy };
    if (!image.pinned) return [{ ...said, image: undefined, tag: "", whole: false }];
    return [{ ...said, image, tag, whole: image.hasHost }];
  });
}
