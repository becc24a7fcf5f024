import { createHash, randomBytes } from "node:crypto";
import { chmod, lstat, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../../content/make-directory.ts";
import { isOwn } from "../../content/output-place.ts";
import { lifeOf, ownerName } from "../../content/owner.ts";
import { NotRegular, readStart } from "../../content/small-file.ts";
import { DrayError, systemCode } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { parseJson } from "../../oci/json.ts";
import { parseAs, z } from "../../oci/schema.ts";
import { uploadUrl, type Session, type WrittenRepository } from "./upload-session.ts";

/** What is smaller is sent again in no time. */
const MIN_BYTES = 4 * 1024 * 1024;
/** Distribution's addresses have some 500 characters. */
const MAX_NOTE_BYTES = 16 * 1024;
/** A run leaves as many as it sends blobs at a time. */
const MAX_NOTES = 100;
/** What this program writes there, and all that it removes. */
const OWN_NAME = /^[0-9a-f]{64}(?:\.[0-9a-f]{12})?$/;
/** As long as distribution's own registry keeps uploads that nobody goes on with. */
const KEPT_FOR_MS = 7 * 24 * 60 * 60 * 1000;

const schema = z.object({
  location: z.string(),
  minChunk: z.int().min(0),
  /** The process that sends; absent if that has ended orderly. */
  owner: z.string().optional(),
});

/**
 * Where the upload of one blob to one repository goes on, kept in a file for the run after one that is
 * killed. The address may let anybody in who knows it: nobody else can read the file, and no message
 * has it. What cannot be kept, or read, costs sending that blob again and nothing more.
 */
export class UploadNote {
  readonly #folder: string;
  readonly #path: string;
  readonly #origin: URL;
  #state: "new" | "kept" | "off";
  #latest: Session | undefined;

  /** Keeps no file where it is not worth it, or nobody said where. */
  constructor({ client, repository }: WrittenRepository, { digest, size }: Descriptor) {
    const { uploadNotes: folder, origin } = client;
    const isKept = folder !== undefined && size >= MIN_BYTES;
    const what = `${origin.origin} ${repository}@${digest}`;
    this.#folder = folder ?? "";
    this.#path = isKept ? join(folder, createHash("sha256").update(what).digest("hex")) : "";
    this.#origin = origin;
    this.#state = isKept ? "new" : "off";
  }

  /** Where the upload went on the last time; undefined for none that is open. */
  get latest(): Session | undefined {
    return this.#latest;
  }

  /** A run after this one finds it. */
  get isKept(): boolean {
    return this.#state === "kept";
  }

  /** What an earlier run has left; undefined also while that run is alive, whose upload it stays. */
  async read(): Promise<Session | undefined> {
    if (this.#state === "off") return undefined;
    try {
      // Whoever else could write it would say where this run sends the blob.
      if (!(await isOwn(await lstat(this.#path)))) return undefined;
      const bytes = await readStart(this.#path, MAX_NOTE_BYTES);
      const about = { what: "note of an upload", code: "DRAY_JSON_INVALID" } as const;
      const value = parseJson(bytes, about.what, MAX_NOTE_BYTES);
      const { location, minChunk, owner } = parseAs(schema, value, about);
      if (owner !== undefined && (await lifeOf(owner)) === "alive") {
        this.#state = "off";
        return undefined;
      }
      this.#state = "kept";
      return { location: uploadUrl(location, this.#origin), minChunk, received: 0 };
    } catch (error) {
      if (!isOfFile(error)) throw error;
      return undefined;
    }
  }

  /** Notes where the upload goes on; `orderly` where this run will not do so itself. */
  async write(session: Session, orderly = false): Promise<void> {
    this.#latest = session;
    const { location, minChunk } = session;
    if (this.#state === "off") return;
    const owner = orderly ? undefined : await ownerName();
    const text = JSON.stringify({ location: location.href, minChunk, owner });
    const growing = `${this.#path}.${randomBytes(6).toString("hex")}`;
    try {
      if (this.#state === "new") await prepare(this.#folder);
      this.#state = "kept";
      await writeFile(growing, text, { flag: "wx", mode: 0o600 });
      await rename(growing, this.#path);
    } catch (error) {
      if (!isOfFile(error)) throw error;
      this.#state = "off";
      await unlessGone(rm(growing, { force: true }));
    }
  }

  /** The upload is done, or nobody can go on with it. */
  async forget(): Promise<void> {
    this.#latest = undefined;
    if (this.#state !== "kept") return;
    this.#state = "new";
    await unlessGone(rm(this.#path, { force: true }));
  }
}

/** Makes the folder, and room in it. */
async function prepare(folder: string): Promise<void> {
  await makeDirectory(folder);
  await chmod(folder, 0o700);
  const found: { path: string; time: number }[] = [];
  for (const name of (await readdir(folder)).filter((one) => OWN_NAME.test(one))) {
    const path = join(folder, name);
    const time = (await unlessGone(lstat(path)))?.mtimeMs;
    if (time !== undefined) found.push({ path, time });
  }
  const newestFirst = found.toSorted((a, b) => b.time - a.time);
  for (const [index, { path, time }] of newestFirst.entries()) {
    const isOld = Date.now() - time > KEPT_FOR_MS;
    if (isOld || index >= MAX_NOTES) await unlessGone(rm(path, { force: true }));
  }
}

/** Another upload may have removed it, and what is no note is nobody's business here. */
async function unlessGone<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (!isOfFile(error)) throw error;
    return undefined;
  }
}

/** No mistake of this program: the file is not there, or is none that can be used. */
function isOfFile(error: unknown): boolean {
  return (
    error instanceof DrayError || error instanceof NotRegular || systemCode(error) !== undefined
  );
}
