/** Something in a template that could not be evaluated; the rest of the template still is. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
  /** The chart refuses the values (`fail`, `required`); Helm would stop here too. */
  readonly refused: boolean;
  /** The setting that the chart requires. */
  readonly path?: readonly string[] | undefined;
}
