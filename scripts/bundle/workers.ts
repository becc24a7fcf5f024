import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

/**
 * The files in which threads begin, by the names that they keep: whoever starts one looks for it
 * beside itself.
 */
export function workerEntries(built: string): Record<string, string> {
  // A build may still have what the sources no longer have.
  const files = readdirSync(join(built, "../src"), { recursive: true, encoding: "utf8" });
  const workers = files.filter((file) => file.endsWith("-worker.ts"));
  return Object.fromEntries(
    workers.map((file) => [
      basename(file, ".ts"),
      join(built, "src", file.replace(/\.ts$/, ".js")),
    ]),
  );
}
