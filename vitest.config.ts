import process from "node:process";
import { defineConfig } from "vitest/config";
import { SkipReporter } from "./test/skip-reporter.ts";

/** Where the gate wants a report that a program can count. */
const report = process.env["DRAY_TEST_REPORT"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    restoreMocks: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A condition that is waited for may take long on a busy machine.
    expect: { poll: { timeout: 50_000, interval: 10 } },
    reporters: ["default", new SkipReporter(), ...(report === undefined ? [] : ["json"])],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
  },
});
