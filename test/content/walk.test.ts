import { describe, expect, it } from "vitest";
import { authored, type Authored } from "../../src/content/memory.ts";
import { walkManifests } from "../../src/content/walk.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { parseManifest, type Manifest } from "../../src/oci/manifest.ts";
import { MediaType } from "../../src/oci/media-type.ts";

const CONFIG = authored(MediaType.ociConfig, Buffer.from("{}")).descriptor;

function document(mediaType: string, fields: object): Authored {
  const value = { schemaVersion: 2, mediaType, ...fields };
  return authored(mediaType, Buffer.from(JSON.stringify(value)));
}

function image(name: string): Authored {
  const annotations = { name };
  return document(MediaType.ociManifest, { config: CONFIG, layers: [], annotations });
}

function index(name: string, children: readonly Authored[]): Authored {
  const manifests = children.map(({ descriptor }) => descriptor);
  return document(MediaType.ociIndex, { manifests, annotations: { name } });
}

function nameOf({ annotations }: Manifest): string {
  return annotations?.["name"] ?? "";
}

/** The names that a walk from the last of `documents` comes to, and every question that it asks. */
async function walk(
  documents: readonly Authored[],
  without?: Authored,
): Promise<{ names: unknown[]; asked: string[] }> {
  const asked: string[] = [];
  const read = async (
    { digest, mediaType }: Descriptor,
    depth: number,
  ): Promise<Manifest | undefined> => {
    const found = documents.find(({ descriptor }) => descriptor.digest === digest);
    if (found === undefined || found === without) return undefined;
    const manifest = parseManifest(found.bytes, { mediaType, what: digest });
    asked.push(`${nameOf(manifest)} in ${depth}`);
    return manifest;
  };
  const root = documents.at(-1)?.descriptor ?? CONFIG;
  const names: string[] = [];
  for await (const { manifest } of walkManifests(root, read)) names.push(nameOf(manifest));
  return { names, asked };
}

describe("a walk over manifests", () => {
  const one = image("one");
  const two = image("two");
  const inner = index("inner", [one, two]);

  it("comes to parents before children, in the order in which they stand", async () => {
    const root = index("root", [inner, image("three")]);
    const three = image("three");
    expect((await walk([one, two, inner, three, root])).names).toEqual([
      "root",
      "inner",
      "one",
      "two",
      "three",
    ]);
  });

  it("comes once to what is named twice, and asks for it wherever it is named", async () => {
    const root = index("root", [one, inner, one]);
    const { names, asked } = await walk([one, two, inner, root]);
    expect(names).toEqual(["root", "one", "inner", "two"]);
    expect(asked).toEqual([
      "root in 0",
      "one in 1",
      "inner in 1",
      "one in 2",
      "two in 2",
      "one in 1",
    ]);
  });

  it("goes around what is not there, and all below it", async () => {
    const root = index("root", [inner, one]);
    expect((await walk([one, two, inner, root], inner)).names).toEqual(["root", "one"]);
    expect((await walk([one, two, inner, root], root)).names).toEqual([]);
  });
});
