import { fn, type TemplateFunction } from "../signature.ts";
import type { Value } from "../value.ts";
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
import { TIMES } from "./times.ts";
import { VERSIONS } from "./versions.ts";

/** What Helm adds to the language. https://helm.sh/docs/chart_template_guide/function_list/ */
const CHART_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  include: fn(["string", "any"], ([name, data], call) => call.include(name, data)),
  tpl: fn(["string", "any"], ([text, data], call) => call.tpl(text, data)),
  fail: fn(["string"], ([message], call) => {
    call.refuse(message);
    return "";
  }),
  required: fn(["string", "any"], ([message, value], call): Value => {
    if (value !== null && value !== "") return value;
    call.require(message);
    return "";
  }),
};

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
    TIMES,
    STAND_INS,
    CHART_FUNCTIONS,
  ].flatMap((functions) => Object.entries(functions)),
);
