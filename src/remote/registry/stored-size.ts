import type { Descriptor } from "../../oci/descriptor.ts";
import type { TransportResponse } from "../http/transport.ts";

/** Asks for a blob, and takes 404, 405 and 416 for answers too. */
type AskForBlob = (
  method: "HEAD" | "GET",
  headers: Record<string, string>,
) => Promise<TransportResponse>;

/**
 * How many bytes a registry has of a blob; undefined for none. One that answers HEAD with another
 * size, without one, or not at all, is asked for the blob's last byte: what stands in the answer to that
 * is of the content itself. Where it does not say even then, its word that the blob is there has to do.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#checking-if-content-exists-in-the-registry
 */
export async function storedSize(
  { size }: Descriptor,
  ask: AskForBlob,
): Promise<number | undefined> {
  const head = await ask("HEAD", {});
  await head.discard();
  if (head.status === 404) return undefined;
  const said = head.status === 200 ? lengthIn(head) : undefined;
  // Of nothing there is no last byte.
  if (said === size || size === 0) return said ?? (head.status === 200 ? size : undefined);
  const last = await ask("GET", { range: `bytes=${size - 1}-` });
  await last.discard();
  if (last.status === 404 || last.status === 405) return undefined;
  return totalIn(last) ?? said ?? size;
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
