import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createConnection } from "node:net";
import { expect, it } from "vitest";
import { openFiles } from "../open-files.ts";
import { Running } from "./running.ts";

/** More than the buffers of a connection take. */
const LARGE = 32 * 1024 * 1024;

/** Asks for `path` several times at once, reads nothing of the answers, and leaves. */
async function askAndLeave(registry: Running, path: string, filesLater: number): Promise<void> {
  const socket = createConnection(registry.registry.port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => undefined);
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(4));
  await expect.poll(openFiles).toBeGreaterThanOrEqual(filesLater);
  socket.destroy();
}

it("answers that wait behind another one end with their client, and leave no file open", async () => {
  const registry = await Running.start();
  const { digest } = await registry.pushBlob("team/app", randomBytes(LARGE));
  const before = await openFiles();
  // Without a list of open files only the end of the registry shows it.
  const filesLater = before === 0 ? 0 : before + 4;
  await askAndLeave(registry, `/v2/team/app/blobs/${digest}`, filesLater);
  await expect.poll(openFiles).toBeLessThanOrEqual(before);
  await registry.registry.close();
});
