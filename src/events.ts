import { tmpdir } from "node:os";
import type { Descriptor } from "./oci/descriptor.ts";

/** What a story announces while it runs. Whoever listens decides how to show it. */
export type DrayEvent =
  /** A stage of the story begins; `bytes` is what it will move, where that is known. */
  | { readonly type: "stage"; readonly stage: string; readonly bytes?: number }
  /** `bytes` more have moved in the present stage. */
  | { readonly type: "progress"; readonly bytes: number }
  /** A blob or manifest arrived at its target, or was there already. */
  | {
      readonly type: "copied" | "skipped" | "mounted";
      readonly descriptor: Descriptor;
      readonly target: string;
    }
  /** One reference is finished. */
  | { readonly type: "done"; readonly reference: string; readonly result: string }
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
