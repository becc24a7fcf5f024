/** The tree of a regular expression. */
export type Pattern =
  | { readonly type: "empty" }
  | { readonly type: "one"; readonly test: (character: string) => boolean }
  | { readonly type: "assert"; readonly kind: Assertion }
  | { readonly type: "sequence" | "choice"; readonly parts: readonly Pattern[] }
  | { readonly type: "repeat"; readonly part: Pattern; readonly range: Range }
  | { readonly type: "group"; readonly part: Pattern; readonly index: number };

export type Assertion = "start" | "end" | "lineStart" | "lineEnd" | "boundary" | "noBoundary";

export interface Range {
  readonly min: number;
  /** Infinity where there is no end. */
  readonly max: number;
  readonly lazy: boolean;
}

export interface ParsedPattern {
  readonly pattern: Pattern;
  /** Name or number of each group, by index. */
  readonly groups: readonly string[];
}
