import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { digestOf } from "../../oci/digest.ts";
import { z } from "../../oci/schema.ts";
import { MAX_INDEX_BYTES } from "./repository-index.ts";

/** An index as it was the last time, and how to ask whether it still is. */
export interface CachedIndex {
  readonly etag: string;
  readonly bytes: Buffer;
}

const noteSchema = z.object({ etag: z.string(), digest: z.string() });

/**
 * Keeps the index of each repository: large ones have 40 MB, and change less often than charts are
 * packed. What is missing, cut or changed is not there.
 */
export class IndexCache {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(repository: URL): Promise<CachedIndex | undefined> {
    const path = this.#path(repository);
    try {
      if ((await stat(`${path}.yaml`)).size > MAX_INDEX_BYTES) return undefined;
      const note = noteSchema.safeParse(JSON.parse(await readFile(`${path}.json`, "utf8")));
      const bytes = await readFile(`${path}.yaml`);
      if (!note.success || digestOf(bytes) !== note.data.digest) return undefined;
      return { etag: note.data.etag, bytes };
    } catch (error) {
      if (systemCode(error) !== undefined || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** Private repositories have private indexes: nobody else may read the files. */
  async write(repository: URL, { etag, bytes }: CachedIndex): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = this.#path(repository);
    await replace(`${path}.yaml`, bytes);
    await replace(`${path}.json`, JSON.stringify({ etag, digest: digestOf(bytes) }));
  }

  #path(repository: URL): string {
    return join(this.#directory, digestOf(Buffer.from(repository.href)).replace(/^.*:/, ""));
  }
}

async function replace(path: string, content: Buffer | string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, path);
}
