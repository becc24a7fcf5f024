import type { TemplateFunction } from "../signature.ts";
import { CHART_FUNCTIONS } from "./chart-functions.ts";
import { DEFAULTS } from "./defaults.ts";
import { DICTS } from "./dicts.ts";
import { ENCODING } from "./encoding.ts";
import { LISTS } from "./lists.ts";
import { LOGIC } from "./logic.ts";
import { NUMBERS } from "./numbers.ts";
import { PATHS } from "./paths.ts";
import { PATTERNS } from "./patterns.ts";
import { STAND_INS } from "./stand-ins.ts";
import { STRINGS } from "./strings.ts";
import { VERSIONS } from "./versions.ts";

/** Every function a chart can call. None reads a file, the network, the clock or the environment. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  [
    LOGIC,
    DEFAULTS,
    STRINGS,
    PATTERNS,
    LISTS,
    DICTS,
    NUMBERS,
    ENCODING,
    VERSIONS,
    PATHS,
    STAND_INS,
    CHART_FUNCTIONS,
  ].flatMap((functions) => Object.entries(functions)),
);
