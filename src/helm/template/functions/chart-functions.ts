import { fn, type TemplateFunction } from "../signature.ts";
import type { Value } from "../value.ts";

/** What Helm adds to the language. https://helm.sh/docs/chart_template_guide/function_list/ */
export const CHART_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  include: fn(["string", "any"], ([name, data], call) => call.include(name, data)),
  tpl: fn(["string", "any"], ([text, data], call) => call.tpl(text, data)),
  fail: fn(["string"], ([message], call) => {
    call.refuse(message);
    return "";
  }),
  required: fn(["string", "any"], ([message, value], call): Value => {
    if (value !== null && value !== "") return value;
    call.refuse(message);
    return "";
  }),
};
