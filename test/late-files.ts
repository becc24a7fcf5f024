import fs from "node:fs";
import { onTestFinished, vi } from "vitest";

/** How late a file is opened by then. Whatever needs not wait for it is through long before. */
export const LATE_MS = 50;

/** Lets the system open files late until the test ends, as a slow disk does. */
export function openFilesLate(): void {
  const open = fs.open.bind(fs) as (...args: readonly unknown[]) => void;
  const late = vi.spyOn(fs, "open").mockImplementation((...args: readonly unknown[]) => {
    setTimeout(() => open(...args), LATE_MS);
  });
  onTestFinished(() => late.mockRestore());
}
