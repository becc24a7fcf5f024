import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";

/** What stands for the reason of a test that gives none. */
export const NO_REASON = "no reason given";

/** Says at the end of a run which tests were skipped and why; the default reporter only counts them. */
export class SkipReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const reasons = new Map<string, string[]>();
    for (const test of modules.flatMap((module) => [...module.children.allTests("skipped")])) {
      const reason = this.#reasonOf(test);
      if (reason === undefined) continue;
      const names = reasons.get(reason) ?? [];
      reasons.set(reason, [...names, `${test.module.relativeModuleId} > ${test.fullName}`]);
    }
    for (const [reason, names] of reasons) {
      this.#vitest?.logger.log(` Skipped: ${reason}`);
      for (const name of names) this.#vitest?.logger.log(`   ${name}`);
    }
  }

  /** Undefined: it was not asked for, because only tests of some name or some line run. */
  #reasonOf(test: TestCase): string | undefined {
    const result = test.result();
    const note = result.state === "skipped" ? result.note : undefined;
    if (note !== undefined) return note;
    return this.#vitest?.config.testNamePattern === undefined ? NO_REASON : undefined;
  }
}
