import { constants } from "node:fs";
import { open, opendir, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "../content/content.ts";
import { DrayError, systemCode, systemReason } from "../errors.ts";
import type { DirectoryArchive, EntryKind, EntryPlace } from "./archive.ts";
import { readExactly, READ_BYTES } from "./file-range.ts";

/** A bundle that somebody unpacked. Links are reported, never followed. */
export function openDirectory(root: string): DirectoryArchive {
  const files: string[] = [];
  const read = ({ position, size }: EntryPlace): Bytes =>
    readFileAt(join(root, files[position] ?? ""), size);
  return {
    kind: "directory",
    path: root,
    forms: ["directory"],
    size: 0,
    notes: [],
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
  for await (const found of await readable(join(root, below), opendir)) {
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

function openFile(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
}

/** Codes of the system for what is there and cannot be had, and what helps. */
const UNREADABLE: Readonly<Record<string, string>> = {
  EACCES: "Give yourself the right to read all of it: `chmod -R u+rX DIR`.",
  EPERM: "Give yourself the right to read all of it: `chmod -R u+rX DIR`.",
  EIO: "The medium is damaged. Copy the bundle again, to another one.",
};

async function readable<T>(path: string, read: (path: string) => Promise<T>): Promise<T> {
  try {
    return await read(path);
  } catch (cause) {
    const hint = UNREADABLE[systemCode(cause) ?? ""];
    if (hint === undefined) throw cause;
    const message = `Cannot read ${JSON.stringify(path)}: ${systemReason(cause) ?? "it cannot be read"}`;
    throw new DrayError("DRAY_FILE_UNREADABLE", message, { kind: "refused", hint, cause });
  }
}

async function sizeOf(path: string): Promise<number> {
  const file = await readable(path, openFile);
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function* readFileAt(path: string, size: number): Bytes {
  const file = await readable(path, openFile);
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
