import { randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request, type Dispatcher } from "undici";
import { expect, onTestFinished } from "vitest";
import { startRun, type DrayEvent } from "../../src/events.ts";
import { digestOf, type Digest, type DigestAlgorithm } from "../../src/oci/digest.ts";
import type { Descriptor as OciDescriptor } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { createRegistry } from "../../src/server/registry.ts";
import { openSourceCatalog } from "../../src/server/source-catalog.ts";
import type { BlobSource } from "../../src/server/catalog.ts";
import { serve, type RunningRegistry, type ServeOptions } from "../../src/stories/serve.ts";

const REQUEST_CHANNEL = "http.server.request.start";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly text: string;
  /** Codes of the error body. */
  readonly codes: readonly string[];
  readonly json: unknown;
}

export interface SendOptions {
  readonly headers?: Record<string, string>;
  readonly body?: Dispatcher.DispatchOptions["body"];
}

/** A registry that runs until the test ends, and what a client does with it. */
export class Running {
  readonly registry: RunningRegistry;
  readonly events: DrayEvent[];
  /** A connection for each request: a registry may close an idle one just when it is used again. */
  readonly #agent = new Agent({ pipelining: 0, connect: { rejectUnauthorized: false } });

  private constructor(registry: RunningRegistry, events: DrayEvent[]) {
    this.registry = registry;
    this.events = events;
    onTestFinished(async () => {
      await this.#agent.destroy();
      await registry.close();
    });
  }

  static async start(options: ServeOptions = {}): Promise<Running> {
    const events: DrayEvent[] = [];
    const path = options.path ?? (await scratch());
    const registry = await serve(
      { port: 0, writable: true, ...options, path },
      { onEvent: (event) => events.push(event) },
    );
    return new Running(registry, events);
  }

  /** Over a source that is neither a layout nor a bundle: what a catalog makes of odd content. */
  static async over(source: BlobSource, roots: readonly OciDescriptor[]): Promise<Running> {
    const events: DrayEvent[] = [];
    const onEvent = (event: DrayEvent): void => void events.push(event);
    const catalog = await openSourceCatalog(source, roots, startRun({ onEvent }));
    const registry = createRegistry(catalog, { onEvent });
    const address = await registry.listen({ host: "127.0.0.1", port: 0 });
    const closed = Promise.resolve();
    const running = { ...address, host: "127.0.0.1", writable: false, repositories: [], closed };
    return new Running({ ...running, close: () => registry.close() }, events);
  }

  get warnings(): readonly string[] {
    return this.events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  }

  /** The registry's end of the connection that brings the next request. */
  nextConnection(): Promise<Socket> {
    return new Promise((resolve) => {
      const seen = (message: unknown): void => {
        const { socket } = message as { socket: Socket };
        if (socket.localPort !== this.registry.port) return;
        unsubscribe(REQUEST_CHANNEL, seen);
        resolve(socket);
      };
      subscribe(REQUEST_CHANNEL, seen);
    });
  }

  async send(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    const answer = await request(new URL(path, this.registry.url), {
      method,
      dispatcher: this.#agent,
      headers: options.headers ?? {},
      body: options.body ?? null,
    });
    const body = Buffer.from(await answer.body.arrayBuffer());
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string | undefined>,
      body,
      text: body.toString(),
      get codes() {
        const { errors } = JSON.parse(body.toString()) as { errors: { code: string }[] };
        return errors.map(({ code }) => code);
      },
      get json() {
        return JSON.parse(body.toString()) as unknown;
      },
    };
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send("GET", path, { headers });
  }

  head(path: string): Promise<Answer> {
    return this.send("HEAD", path);
  }

  /** Begins an upload and returns where it goes on. */
  async begin(name: string, query = ""): Promise<string> {
    const answer = await this.send("POST", `/v2/${name}/blobs/uploads/${query}`);
    if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`);
    return answer.headers["location"] ?? "";
  }

  async pushBlob(
    name: string,
    bytes: Buffer,
    algorithm: DigestAlgorithm = "sha256",
  ): Promise<Descriptor> {
    const digest = digestOf(bytes, algorithm);
    const location = await this.begin(name);
    const answer = await this.send("PUT", `${location}?digest=${digest}`, { body: bytes });
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
    return { mediaType: MediaType.octetStream, digest, size: bytes.length };
  }

  putManifest(
    name: string,
    reference: string,
    { bytes, mediaType }: { bytes: Buffer; mediaType: string },
  ): Promise<Answer> {
    return this.send("PUT", `/v2/${name}/manifests/${reference}`, {
      body: bytes,
      headers: { "content-type": mediaType },
    });
  }

  /** Pushes an image with one random layer. */
  async pushImage(
    name: string,
    reference?: string,
    more: Record<string, unknown> = {},
  ): Promise<Pushed> {
    const layer = await this.pushBlob(name, randomBytes(1000));
    const config = await this.pushBlob(name, Buffer.from(JSON.stringify({ os: layer.digest })));
    const made = manifestOf({
      config: { ...config, mediaType: MediaType.ociConfig },
      layers: [{ ...layer, mediaType: MediaType.ociLayerGzip }],
      ...more,
    });
    const answer = await this.putManifest(name, reference ?? made.digest, made);
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
    return { ...made, layer: layer.digest, config: config.digest };
  }

  async pushIndex(
    name: string,
    reference: string | undefined,
    manifests: readonly Descriptor[],
  ): Promise<Document> {
    const made = indexOf({ manifests });
    const answer = await this.putManifest(name, reference ?? made.digest, made);
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
    return made;
  }
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface Document extends Descriptor {
  readonly bytes: Buffer;
}

export interface Pushed extends Document {
  readonly layer: Digest;
  readonly config: Digest;
}

export function manifestOf(fields: Record<string, unknown>): Document {
  return documentOf(MediaType.ociManifest, { ...fields });
}

export function indexOf(fields: Record<string, unknown>): Document {
  return documentOf(MediaType.ociIndex, { ...fields });
}

export function documentOf(mediaType: string, fields: Record<string, unknown>): Document {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields }, null, 3));
  return { mediaType, digest: digestOf(bytes), size: bytes.length, bytes };
}

export function descriptorOf({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** A directory that is removed when the test ends. */
export async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "dray-server-test-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, "layout");
}

/** Ends when the parts of uploads in the layout have these sizes. */
export async function untilIngested(path: string, ...sizes: readonly number[]): Promise<void> {
  const directory = join(path, "ingest");
  await expect
    .poll(async () => {
      const parts = (await readdir(directory)).map((name) => stat(join(directory, name)));
      return (await Promise.all(parts)).map(({ size }) => size);
    })
    .toEqual(sizes);
}

export async function filesBelow(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted();
}
