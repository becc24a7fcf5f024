import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { unreadable } from "../../errors.ts";
import type { Finding } from "../../finding.ts";
import { foldedPath } from "../entry-path.ts";
import { sumOfFile } from "./choose-copy.ts";
import { fileNames } from "./named-parts.ts";
import { isPartSums, PART_SUMS_ENDING, readPartSums } from "./part-sums.ts";

/**
 * What lies beside a list of sums that somebody has named, and is not what that says: it is of another
 * bundle, or the file changed. None for any other path. Reads all that is listed and there.
 * @throws DrayError `DRAY_FILE_NOT_FOUND` for what is listed and cannot be read
 */
export async function otherThanListed(path: string): Promise<Finding[]> {
  if (!isPartSums(path)) return [];
  const [folder, list] = [dirname(path), basename(path)];
  const sums = await readPartSums([folder], list.slice(0, -PART_SUMS_ENDING.length));
  const there = new Map((await fileNames(folder)).map((name) => [foldedPath(name), name]));
  const findings: Finding[] = [];
  for (const listed of sums?.names ?? []) {
    const name = there.get(foldedPath(listed));
    if (name === undefined) continue;
    const file = join(folder, name);
    const wanted = `sha256:${sums?.of(listed) ?? ""}`;
    const found = await sumIfFile(file);
    if (found !== wanted) findings.push(differs(list, name, { wanted, found }));
  }
  return findings;
}

/** Nobody knows who wrote the list: what a name in it leads to need not be a file. */
async function sumIfFile(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return "no regular file";
    return `sha256:${await sumOfFile({ path, size: found.size })}`;
  } catch (cause) {
    throw unreadable(cause, "file", path) ?? cause;
  }
}

function differs(list: string, name: string, sums: { wanted: string; found: string }): Finding {
  return {
    code: "LIST_DIFFERS",
    severity: "warning",
    entry: name,
    message: `${JSON.stringify(list)} has another sum for ${JSON.stringify(name)}: it is of another bundle, or the file changed on the way`,
    ...sums,
    hint: "What counts is the signed list inside the bundle. Take the list that was written with this file.",
  };
}
