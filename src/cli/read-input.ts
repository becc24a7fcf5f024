import { readFile } from "node:fs/promises";

/** Reads a file that the user named; `what` says what it should be. */
export async function readInput(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { DrayError, systemCode } = await import("../index.ts");
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    const reason =
      code === "ENOENT" ? "no such file" : code === "EISDIR" ? "it is a directory" : code;
    throw new DrayError(
      "DRAY_FILE_NOT_FOUND",
      `Cannot read ${what} ${JSON.stringify(path)}: ${reason}`,
      { kind: "usage", cause },
    );
  }
}
