import type { Finding } from "../../finding.ts";
import type { FilePiece } from "../file-range.ts";
import type { Part } from "./part-name.ts";
import type { PartSums } from "./part-sums.ts";
import type { ZarfHead } from "./zarf-head.ts";

/** One part, where it lies. */
export interface Piece extends FilePiece {
  readonly number: number;
}

/** The parts of one whole, in their order, none missing as far as anything says. */
export interface PartSet {
  /** Where the whole would lie beside its first part: for messages, and for what lies beside it. */
  readonly path: string;
  readonly part: Part;
  readonly pieces: readonly Piece[];
  /** Where parts were looked for. */
  readonly folders: readonly string[];
  readonly sums: PartSums | undefined;
  /** What Zarf says of the whole. */
  readonly head: ZarfHead | undefined;
  /** What was put right. */
  readonly notes: readonly Finding[];
}
