import { DrayError } from "../errors.ts";
import { digestSchema } from "../oci/descriptor-schema.ts";
import type { Digest } from "../oci/digest.ts";
import { parseJson } from "../oci/json.ts";
import { isTag } from "../oci/reference.ts";
import { parseKnown, z } from "../oci/schema.ts";

/** What a registry has, small enough to be carried back. docs/deltas.md */
export interface Inventory {
  readonly inventoryVersion: 1;
  /** `dray 1.2.0` */
  readonly generator: string;
  /** ISO 8601. */
  readonly taken: string;
  /** `HOST[:PORT]` */
  readonly registry: string;
  readonly repositories: readonly InventoryRepository[];
  /** Each once, wherever it is. */
  readonly blobs: readonly InventoryBlob[];
}

export interface InventoryRepository {
  readonly name: string;
  /** Digest by tag. */
  readonly tags: Readonly<Record<string, Digest>>;
  /** What is there and could be asked for: numbers of `blobs`, from 0. */
  readonly blobs: readonly number[];
}

export interface InventoryBlob {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

const name = z.string().regex(/^[a-z0-9][a-z0-9._/-]{0,511}$/, "expected a repository");

const schema: z.ZodType<Inventory> = z
  .strictObject({
    inventoryVersion: z.literal(1),
    generator: z.string().describe("The program that wrote it, with its version"),
    taken: z.iso.datetime({ offset: true }),
    registry: z.string().regex(/^[A-Za-z0-9.:[\]-]{1,300}$/, "expected HOST[:PORT]"),
    repositories: z.array(
      z.strictObject({
        name,
        tags: z.record(z.string().refine(isTag, "expected a tag"), digestSchema),
        blobs: z.array(z.int().nonnegative()).describe("Numbers of blobs, from 0"),
      }),
    ),
    blobs: z.array(z.strictObject({ digest: digestSchema, size: z.int().nonnegative() })),
  })
  .describe("What dray inventory found in a registry");

/** Some 100 bytes for each blob, and 5 for each place where it is. */
export const MAX_INVENTORY_BYTES = 256 * 1024 * 1024;

/** One for each blob, three for each repository: a million blobs and what they lie in. */
const MAX_CONTAINERS = 1_500_000;

/** @throws DrayError `DRAY_INVENTORY_INVALID` */
export function parseInventory(bytes: Uint8Array, path: string): Inventory {
  const what = `inventory ${JSON.stringify(path)}`;
  try {
    const limits = { maxBytes: MAX_INVENTORY_BYTES, maxContainers: MAX_CONTAINERS };
    const value = parseJson(bytes, what, limits);
    return parseKnown(schema, value, { what, code: "DRAY_INVENTORY_INVALID" });
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    throw new DrayError("DRAY_INVENTORY_INVALID", cause.message, {
      kind: "usage",
      cause,
      hint: cause.hint ?? "Name a file that `dray inventory` has written.",
    });
  }
}

/**
 * One line a repository and a blob: short, and good to compare.
 * @throws DrayError `DRAY_JSON_TOO_LARGE` for what `parseInventory` would not read
 */
export function formatInventory({ repositories, blobs, ...rest }: Inventory): Buffer {
  const head = JSON.stringify(rest).slice(0, -1);
  const containers = 3 + 3 * repositories.length + blobs.length;
  if (containers > MAX_CONTAINERS) throw tooLarge(blobs.length);
  const bytes = Buffer.from(
    `${head},\n"repositories":${lines(repositories)},\n"blobs":${lines(blobs)}}\n`,
  );
  if (bytes.length > MAX_INVENTORY_BYTES) throw tooLarge(blobs.length);
  return bytes;
}

function tooLarge(blobs: number): DrayError {
  return new DrayError(
    "DRAY_JSON_TOO_LARGE",
    `Cannot write an inventory of ${blobs} blobs: expected about a million at most, which can be read again`,
    {
      kind: "refused",
      hint: "Write several with --repo PATTERN, and name each of them: dray pack --since ONE --since OTHER.",
    },
  );
}

/** A list with a line for each item. */
function lines(items: readonly unknown[]): string {
  if (items.length === 0) return "[]";
  return `[\n${items.map((item) => JSON.stringify(item)).join(",\n")}\n]`;
}

/** The JSON Schema of inventories, for programs that read them. */
export function inventoryJsonSchema(): object {
  const made = z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" });
  return { title: "dray inventory", ...made };
}
