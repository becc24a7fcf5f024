import { constants } from "node:fs";
import { open, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { Archive } from "./archive.ts";
import { readExactly, READ_BYTES } from "./seekable-tar.ts";
import type { EntryKind, RawEntry } from "./tar-reader.ts";

/** A bundle that somebody unpacked. Links are reported, never followed. */
export function openDirectory(root: string): Archive {
  const files: string[] = [];
  const read = ({ position, size }: Pick<RawEntry, "position" | "size">): Bytes =>
    readFileAt(join(root, files[position] ?? ""), size);
  return {
    path: root,
    form: "directory",
    size: 0,
    read,
    close: async () => {},
    async *entries() {
      files.length = 0;
      for await (const { name, kind, type } of walk(root, "")) {
        const position = files.push(name) - 1;
        const size = kind === "file" ? await sizeOf(join(root, name)) : 0;
        yield { name, kind, type, size, position, content: () => read({ position, size }) };
      }
    },
  };
}

/** Deeper trees than the entry rules allow are named by the scan, not walked for ever. */
const MAX_WALK_DEPTH = 40;

async function* walk(
  root: string,
  below: string,
  depth = 0,
): AsyncGenerator<{ name: string; kind: EntryKind; type: string }> {
  const names: { name: string; kind: EntryKind; type: string }[] = [];
  for await (const found of await opendir(join(root, below))) {
    const name = below === "" ? found.name : `${below}/${found.name}`;
    if (found.isDirectory()) names.push({ name, kind: "directory", type: "Directory" });
    else if (found.isFile()) names.push({ name, kind: "file", type: "File" });
    else if (found.isSymbolicLink()) names.push({ name, kind: "link", type: "SymbolicLink" });
    else names.push({ name, kind: "device", type: "a device, pipe or socket" });
  }
  names.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const found of names) {
    yield found;
    if (found.kind === "directory" && depth < MAX_WALK_DEPTH)
      yield* walk(root, found.name, depth + 1);
  }
}

async function sizeOf(path: string): Promise<number> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function* readFileAt(path: string, size: number): Bytes {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stat = await file.stat();
    if (stat.size !== size) throw changed(path, size, stat.size);
    for (let at = 0; at < size; at += READ_BYTES) {
      yield await readExactly(file, at, Buffer.allocUnsafeSlow(Math.min(READ_BYTES, size - at)));
    }
  } finally {
    await file.close();
  }
}

function changed(path: string, wanted: number, found: number): DrayError {
  return new DrayError(
    "DRAY_FILE_CHANGED",
    `Cannot read ${JSON.stringify(path)}: expected ${wanted} bytes, found ${found}`,
    { kind: "refused", hint: "Something changes the directory while it is read." },
  );
}
