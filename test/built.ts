import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * A file of the build, for child processes: they run what is installed, not the sources. `npm test`
 * builds first; DRAY_BUILD names a build elsewhere.
 */
export function built(path: string): string {
  const dist = fileURLToPath(new URL("../dist", import.meta.url));
  return join(process.env["DRAY_BUILD"] ?? dist, path);
}
