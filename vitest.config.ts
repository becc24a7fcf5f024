import { availableParallelism } from "node:os";
import process from "node:process";
import { defineConfig } from "vitest/config";
import { SkipReporter } from "./test/skip-reporter.ts";

/** Where the gate wants a report that a program can count. */
const report = process.env["DRAY_TEST_REPORT"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // A process for each file would spend a third of the time on starting and loading.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    maxWorkers: availableParallelism(),
    // These end what hangs, also on a busy machine; nothing else is told by time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 10 } },
    reporters: ["default", new SkipReporter(), ...(report === undefined ? [] : ["json"])],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
  },
});
