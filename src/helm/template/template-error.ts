import { DrayError } from "../../errors.ts";

/** A template, or one action of it, that cannot be read or evaluated. */
export class TemplateError extends DrayError {
  override readonly name: string = "TemplateError";
  readonly reason: string;

  constructor(reason: string, where = "the template") {
    // A chart without the values that it wants fails a thousand times, at a place of its own that is said.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super("DRAY_TEMPLATE_INVALID", `Cannot evaluate ${where}: ${reason}`, { kind: "refused" });
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
  }
}

/** The chart itself says no: `fail` or `required` with its message. */
export class TemplateRefusal extends TemplateError {
  override readonly name: string = "TemplateRefusal";
  /** The setting that it requires, where it is one. */
  readonly path: readonly string[] | undefined;

  constructor(reason: string, path?: readonly string[]) {
    super(reason);
    this.path = path;
  }
}

/** A template asks for more than a rendering may use; the rest of its file is not evaluated. */
export class BudgetError extends DrayError {
  override readonly name: string = "BudgetError";
  readonly reason: string;

  constructor(reason: string) {
    super("DRAY_TEMPLATE_BUDGET", `Cannot evaluate the templates: ${reason}`, { kind: "refused" });
    this.reason = reason;
  }
}
