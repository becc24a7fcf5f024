import type { ContentOptions } from "../../content/content.ts";
import type { Listener } from "../../events.ts";
import type { NetworkAccess } from "../http/network-access.ts";
import type { CredentialStore } from "./credentials.ts";

/** Makes repositories at registries that make none by themselves. */
export interface RepositoryMaker {
  /** True for `HOST[:PORT]` where it can. */
  makesAt(registry: string): boolean;
  /** Ends when the repository is made, by whoever it was. */
  make(registry: string, repository: string, options?: ContentOptions): Promise<void>;
}

/** What a user says about registries: who asks, and over which network. */
export interface RegistryAccess extends NetworkAccess {
  readonly credentials?: CredentialStore | undefined;
  /** Speak http where a registry speaks no https. @default false */
  readonly maybePlainHttp?: boolean | undefined;
  /** Token servers that may see credentials though they are elsewhere. */
  readonly allowedTokenHosts?: readonly string[] | undefined;
  /** Asked for a repository that a push misses. @default nobody: it fails */
  readonly maker?: RepositoryMaker | undefined;
  /** Folder in which is kept where uploads go on that are cut short. @default none: they are sent anew */
  readonly uploadNotes?: string | undefined;
  /** Transfers at the same time, for each registry. @default 3 */
  readonly concurrency?: number | undefined;
}

export interface ClientOptions {
  /** Which end of a copy this is, for messages. @default either */
  readonly side?: "source" | "target" | undefined;
  readonly onEvent?: Listener | undefined;
}
