import { openArchive } from "../../src/archive/open-archive.ts";

/** Lists the first entries of an archive as `tar tvzf` does. */
export async function listTar(path: string, most: number): Promise<void> {
  const archive = await openArchive(path);
  let count = 0;
  for await (const { name, size } of archive.entries({ check: false })) {
    if (count++ < most) console.log(`${String(size).padStart(9)}  ${name}`);
  }
  console.log(`${String(count - most).padStart(9)}  more entries`);
  await archive.close();
}
