import { RegistryError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { PAGE_HINT } from "../http/page.ts";
import { isRedirect } from "../http/redirects.ts";
import type { TransportResponse } from "../http/transport.ts";

/** How a registry is asked for one blob; 404, 405, 416 and, to HEAD, redirects are answers too. */
export interface BlobQuestions {
  head(): Promise<TransportResponse>;
  /** The bytes from `first` on; without `retry`, whoever does not answer is not waited for. */
  bytesFrom(first: number, options: { readonly retry: boolean }): Promise<TransportResponse>;
  /** Hears that the registry's word is all there is of this blob's size. */
  unchecked(): void;
  /** Hears of a storage that does not answer: it is not asked again. */
  close(storage: string): void;
  /** True for a storage that did not answer before. */
  isClosed(storage: string): boolean;
}

/**
 * How many bytes a registry has of a blob; undefined for none. One that answers HEAD with another
 * size, without one, or with 405, is asked for the blob's last byte: what stands in the answer to that
 * is of the content itself. Where it does not say even then, its word that the blob is there has to do.
 * So does a redirect to its storage, which it sends to nobody for what it has not.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#checking-if-content-exists-in-the-registry
 */
export async function storedSize(
  { digest, size }: Descriptor,
  ask: BlobQuestions,
): Promise<number | undefined> {
  const head = await ask.head();
  await head.discard();
  if (head.status === 404) return undefined;
  if (isRedirect(head)) return sizeInStorage(head, size, ask);
  const said = head.status === 200 ? lengthIn(head) : undefined;
  // Of nothing there is no last byte.
  if (said === size || size === 0) return said ?? (head.status === 200 ? size : undefined);
  const last = await ask.bytesFrom(size - 1, { retry: true });
  await last.discard();
  if (last.status === 404) return undefined;
  if (last.status === 405) throw notAsked(last, digest);
  return totalIn(last) ?? said ?? size;
}

/** To send a blob blindly, and never to know whether it came, helps nobody. */
function notAsked({ url }: TransportResponse, digest: Digest): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_UNSUPPORTED",
    `Cannot look for ${digest} at ${url.host}: it answers 405 to HEAD and to GET`,
    {
      status: 405,
      hint: "It has to say what it has. Whoever runs it, or the proxy before it, has to let HEAD or GET of /v2/ through.",
    },
  );
}

async function sizeInStorage(
  head: TransportResponse,
  size: number,
  ask: BlobQuestions,
): Promise<number | undefined> {
  const storage = new URL(head.header("location") ?? "", head.url).host;
  if (size === 0) return 0;
  if (ask.isClosed(storage)) {
    ask.unchecked();
    return size;
  }
  try {
    const last = await ask.bytesFrom(size - 1, { retry: false });
    await last.discard();
    if (last.status === 404) return undefined;
    requireNoLoginPage(last, head);
    const total = totalIn(last);
    if (total !== undefined) return total;
  } catch (error) {
    // Storages are often open to those alone who pull; what else fails is no answer.
    if (!(error instanceof RegistryError)) throw error;
    if (error.kind === "refused" || (error.status !== 0 && error.status !== 403)) throw error;
    ask.close(storage);
  }
  ask.unchecked();
  return size;
}

/** Whoever is not logged in to a portal is sent to its page, from any address. */
function requireNoLoginPage(last: TransportResponse, head: TransportResponse): void {
  if (last.header("content-type")?.startsWith("text/html") !== true) return;
  throw new RegistryError(
    "DRAY_REGISTRY_REDIRECT",
    `Cannot look for a blob at ${head.url.host}: it sends this on to ${last.url.host}, which answers with an HTML page`,
    { status: last.status, kind: "refused", hint: PAGE_HINT },
  );
}

/** Bytes of the whole blob, by the head of the answer to a request for its end. */
function totalIn(response: TransportResponse): number | undefined {
  if (response.status === 200) return lengthIn(response);
  const total = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(response.header("content-range") ?? "")?.[1];
  if (total !== undefined) return Number(total);
  // There is no such byte, and how many there are is not said.
  return response.status === 416 ? 0 : undefined;
}

function lengthIn(response: TransportResponse): number | undefined {
  const text = response.header("content-length") ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
