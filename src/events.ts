import { tmpdir } from "node:os";
import type { Descriptor } from "./oci/descriptor.ts";
import type { Digest } from "./oci/digest.ts";

/** An image, chart or file that a stage deals with. */
export interface StageItem {
  /** As a reader knows it, such as an image's reference. */
  readonly name: string;
  /** Where its blobs go, as the events of these name it. */
  readonly target?: string | undefined;
  /** What has to be there of it, others' shares included; undefined where no blobs are moved. */
  readonly blobs?: ReadonlyMap<Digest, Descriptor> | undefined;
}

/** A blob on its way to `target`. */
export interface MovingBlob {
  readonly descriptor: Descriptor;
  readonly target: string;
  /** How many of its bytes have come so far. It falls where a transfer starts over. */
  readonly position: number;
}

/** What a story announces while it runs. Whoever listens decides how to show it. */
export type DrayEvent =
  /**
   * A stage of the story begins; `bytes` is what it will move, each byte counted once, and `items` are
   * all that it deals with, where that is known.
   */
  | {
      readonly type: "stage";
      readonly stage: string;
      readonly bytes?: number;
      readonly items?: readonly StageItem[];
    }
  /** `bytes` more have moved in the present stage: of a blob, where that is known. None when it opens. */
  | { readonly type: "progress"; readonly bytes: number; readonly blob?: MovingBlob }
  /** A blob or manifest arrived at its target or was there already; `failed`: it will not arrive. */
  | {
      readonly type: "copied" | "skipped" | "mounted" | "failed";
      readonly descriptor: Descriptor;
      readonly target: string;
    }
  /** One reference is finished. */
  | { readonly type: "done"; readonly reference: string; readonly result: string }
  /** A run that ends early leaves this for the next one; `bytes` is how much, where that is known. */
  | { readonly type: "kept"; readonly path: string; readonly bytes?: number | undefined }
  /** A request failed and will be tried again, or its answer is long in coming; `at` is the registry or repository that is waited for. */
  | { readonly type: "retry"; readonly at: string; readonly message: string }
  | { readonly type: "warning"; readonly message: string };

export type Listener = (event: DrayEvent) => void;

/** How whoever starts a story takes part in it. What is left out has its default. */
export interface RunOptions {
  /** Stops the story. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what happens. */
  readonly onEvent?: Listener | undefined;
  /** Private scratch space for what has to be decompressed. @default the system's temporary directory */
  readonly workDirectory?: string | undefined;
}

/** One run of a story, handed on as one object to every step that can be stopped or has to tell. */
export interface Run {
  readonly signal: AbortSignal;
  readonly onEvent: Listener;
  readonly workDirectory: string;
}

export function startRun({ signal, onEvent, workDirectory }: RunOptions): Run {
  return {
    signal: signal ?? new AbortController().signal,
    onEvent: onEvent ?? (() => {}),
    workDirectory: workDirectory ?? tmpdir(),
  };
}
