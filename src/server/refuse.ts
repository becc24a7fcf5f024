import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { once } from "node:events";
import type { ApiError } from "./api-error.ts";

/** A body up to this size is read to its end, so that the connection can be used again. */
const MAX_DRAINED_BYTES = 1024 * 1024;

/** How long a client that is still sending gets to notice that it was refused. */
const LINGER_MS = 2000;

/** Answers with the error. What is left of the request is read for a while, never without end. */
export async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: ApiError,
): Promise<void> {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify({ errors: error.entries }));
  const lingers = hasLongBody(request);
  response.writeHead(error.status, {
    ...error.headers,
    "Content-Type": "application/json",
    "Content-Length": body.length,
    ...(lingers ? { Connection: "close" } : {}),
  });
  if (!lingers) {
    request.resume();
    response.end(body);
    return;
  }
  // Closing while the client sends would reset the connection, and the answer with it.
  response.write(body);
  request.resume();
  await Promise.race([once(request, "close"), delay(LINGER_MS, undefined, { ref: false })]);
  response.end();
  request.socket.destroySoon();
}

function hasLongBody(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  return encoding !== undefined || Number(length ?? 0) > MAX_DRAINED_BYTES;
}
