import type { Contacts } from "./contacts.ts";
import type { HostCertificateStore } from "./host-certificates.ts";
import type { PatienceOptions } from "./patience.ts";
import type { ProxyOptions } from "./proxy.ts";
import type { RateLimit } from "./rate-limit.ts";

/** What a user says about the network, whatever is spoken over it. */
export interface NetworkAccess extends PatienceOptions {
  /** Speak http to hosts other than loopback. @default false */
  readonly plainHttp?: boolean | undefined;
  /** Certificates (PEM) trusted beside those of Node.js. */
  readonly ca?: readonly string[] | undefined;
  /** What the client itself shows to a server that asks for it (PEM). */
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
  /** Hears of every address that is asked. */
  readonly contacts?: Contacts | undefined;
  /** What goes for one host alone, beside what goes for all. */
  readonly hostCertificates?: HostCertificateStore | undefined;
  /** @default false */
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly proxy?: ProxyOptions | undefined;
  /** Longest wait for the head of an answer, in milliseconds. @default 3 min */
  readonly answerTimeout?: number | undefined;
  /** Silence before the head of an answer after which that is said, in milliseconds. @default 30 s */
  readonly noticeAfter?: number | undefined;
  /** Longest silence in the middle of a body, in milliseconds. @default 60 s */
  readonly idleTimeout?: number | undefined;
  /** Bytes a second below which a transfer is ended and gone on with; 0 for none. @default 1 KiB */
  readonly minRate?: number | undefined;
  /** What all connections with this limit together move at most. @default no limit */
  readonly limit?: RateLimit | undefined;
}
