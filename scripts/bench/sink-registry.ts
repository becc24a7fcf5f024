import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import process from "node:process";

/**
 * A registry that takes everything at once and keeps no blob: who pushes to it is measured, and not a
 * disk. It remembers how long each blob was, and manifests as they came, because they are read back.
 * Prints its address; whoever started it ends it.
 */
const blobs = new Map<string, number>();
const manifests = new Map<string, { bytes: Buffer; type: string; digest: string }>();
let sessions = 0;

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => response.destroy(error as Error));
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://sink");
  const [, repository = "", kind = "", name = ""] =
    /^\/v2\/(.+)\/(blobs|manifests|referrers)\/(.*)$/.exec(pathname) ?? [];
  if (kind === "manifests") return manifest(request, response, `${repository} ${name}`);
  if (kind === "blobs" && name.startsWith("uploads/")) {
    return upload(request, response, {
      repository,
      session: name,
      digest: searchParams.get("digest"),
    });
  }
  head(response, kind === "blobs" ? blobs.get(`${repository} ${name}`) : undefined, pathname);
}

/** Of blobs there is nothing left but how long they were. */
function head(response: ServerResponse, size: number | undefined, path: string): void {
  if (size !== undefined) response.setHeader("content-length", size);
  response.writeHead(path === "/v2/" || size !== undefined ? 200 : 404).end();
}

interface Upload {
  readonly repository: string;
  readonly session: string;
  /** Where it ends the upload. */
  readonly digest: string | null;
}

async function upload(
  request: IncomingMessage,
  response: ServerResponse,
  { repository, session, digest }: Upload,
): Promise<void> {
  const length = (blobs.get(session) ?? 0) + (await drain(request));
  if (digest !== null) {
    blobs.set(`${repository} ${digest}`, length);
    response.setHeader("location", `/v2/${repository}/blobs/${digest}`);
    response.setHeader("docker-content-digest", digest);
    response.writeHead(201).end();
    return;
  }
  const next = request.method === "POST" ? `uploads/${++sessions}` : session;
  blobs.set(next, request.method === "POST" ? 0 : length);
  response.setHeader("location", `/v2/${repository}/blobs/${next}`);
  response.setHeader("range", `0-${Math.max(0, length - 1)}`);
  response.writeHead(202).end();
}

async function manifest(
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
): Promise<void> {
  if (request.method === "PUT") {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const kept = { bytes, type: request.headers["content-type"] ?? "", digest };
    manifests.set(key, kept);
    manifests.set(`${key.split(" ")[0]} ${digest}`, kept);
    response.setHeader("docker-content-digest", digest);
    response.writeHead(201).end();
    return;
  }
  const found = manifests.get(key);
  if (found === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.setHeader("content-type", found.type);
  response.setHeader("docker-content-digest", found.digest);
  response.setHeader("content-length", found.bytes.length);
  response.writeHead(200).end(request.method === "HEAD" ? undefined : found.bytes);
}

async function drain(request: IncomingMessage): Promise<number> {
  let length = 0;
  for await (const chunk of request) length += (chunk as Buffer).length;
  return length;
}

// Some peers cannot send again what an idle connection has lost.
server.keepAliveTimeout = 120_000;

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) console.log(`127.0.0.1:${address.port}`);
});
process.once("SIGTERM", () => process.exit(0));
