import process from "node:process";
import { defineConfig } from "vitest/config";

/** Where the gate wants a report that a program can count. */
const report = process.env["DRAY_TEST_REPORT"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    restoreMocks: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // At the gate, whose machine may be busy, a test that waits for others has a second try, which the
    // report shows; at a desk it has not.
    retry: report === undefined ? 0 : 1,
    reporters: report === undefined ? ["default"] : ["default", "json"],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
  },
});
