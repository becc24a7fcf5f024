import { bundle } from "./bundle.ts";
import { carrier } from "./carrier.ts";
import { charts } from "./charts.ts";
import { deltas } from "./deltas.ts";
import { discovery } from "./discovery.ts";
import type { Texts } from "./explained.ts";
import { foreign } from "./foreign.ts";
import { images } from "./images.ts";
import { registries } from "./registries.ts";
import { running } from "./running.ts";
import { trust } from "./trust.ts";

/** The subjects of docs/codes.md, in its order. */
export const SUBJECTS = {
  "The file that was carried": carrier,
  "What is in a bundle": bundle,
  Deltas: deltas,
  "Signatures, keys and provenance": trust,
  "Images and their documents": images,
  "What others have packed": foreign,
  Charts: charts,
  "The images of charts": discovery,
  "Registries and servers": registries,
  "Recipes, files and commands": running,
} as const satisfies Readonly<Record<string, Partial<Texts>>>;

/** All of them: the compiler refuses a code without a text. */
export const TEXTS: Texts = {
  ...carrier,
  ...bundle,
  ...deltas,
  ...trust,
  ...images,
  ...foreign,
  ...charts,
  ...discovery,
  ...registries,
  ...running,
};
