import type { ImageRule } from "../trust/images/image-rule.ts";
import type { Choice } from "./choose.ts";
import type { DeliveryTerms } from "./deliver.ts";
import type { Mapping } from "./mapping.ts";
import type { Destination } from "./names.ts";
import { parsePushTarget } from "./plan.ts";

/** What somebody says of a delivery, whatever it is that is delivered. */
export interface DeliveryOptions extends DeliveryTerms, Choice {
  /** `REGISTRY[/PREFIX]` */
  readonly target: string;
  /** How names change on the way there. @default the host of their registry is dropped */
  readonly mapping?: Mapping | undefined;
  /** Give a tag that keeps it from garbage collection to what is pinned by digest alone. @default true */
  readonly keepTag?: boolean | undefined;
  /** Who must vouch for what is delivered, by its name at the source. @default nobody has to */
  readonly policy?: readonly ImageRule[] | undefined;
  /** Where the receipt is written, however it ends; a receipt that is there is replaced. */
  readonly receipt?: string | undefined;
}

/** @throws DrayError `DRAY_TARGET_INVALID` */
export function destinationOf({
  target,
  mapping = {},
  keepTag = true,
}: DeliveryOptions): Destination {
  return { target: parsePushTarget(target), mapping, keepTags: keepTag };
}
