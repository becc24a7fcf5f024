import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout } from "node:timers/promises";
import { onTestFinished, vi } from "vitest";

/** How late a file is opened by then. Whatever needs not wait for it is through long before. */
export const LATE_MS = 50;

/** Lets the system open files late until the test ends, as a slow disk does. */
export function openFilesLate(): void {
  const open = fs.open.bind(fs) as (...args: readonly unknown[]) => void;
  const openHandle = fs.promises.open.bind(fs.promises);
  const late = vi.spyOn(fs, "open").mockImplementation((...args: readonly unknown[]) => {
    void setTimeout(LATE_MS).then(() => open(...args));
  });
  const promises = vi.spyOn(fs.promises, "open").mockImplementation(async (...args) => {
    await setTimeout(LATE_MS);
    return openHandle(...args);
  });
  // What others import by name is what stands there now.
  syncBuiltinESMExports();
  onTestFinished(() => {
    late.mockRestore();
    promises.mockRestore();
    syncBuiltinESMExports();
  });
}
