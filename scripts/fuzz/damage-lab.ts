import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DrayError } from "../../src/errors.ts";
import { push } from "../../src/stories/push.ts";
import { serve, type RunningRegistry } from "../../src/stories/serve.ts";
import { verify } from "../../src/stories/verify.ts";
import type { Damage } from "./damage.ts";
import type { DamageSample } from "./damage-sample.ts";

/** What became of damaged bundles. */
export interface DamageCount {
  readonly tried: number;
  readonly refusedByVerify: number;
  readonly refusedByPush: number;
  /** Found at the target afterwards. */
  readonly tags: number;
  /** What one of both has taken, or what left a tag. */
  readonly missed: readonly string[];
}

/** Lets `verify` and `push` judge damaged copies of the sample, and looks for tags at the target. */
export class DamageLab {
  readonly #sample: DamageSample;
  readonly #directory: string;
  readonly #target: RunningRegistry;
  #tried = 0;
  #refused = { verify: 0, push: 0 };
  #tags = 0;
  readonly #missed: string[] = [];

  private constructor(sample: DamageSample, directory: string, target: RunningRegistry) {
    this.#sample = sample;
    this.#directory = directory;
    this.#target = target;
  }

  /** `directory` is for the copies and for what the target stores. */
  static async open(sample: DamageSample, directory: string): Promise<DamageLab> {
    await mkdir(directory, { recursive: true });
    const path = join(directory, "target");
    return new DamageLab(sample, directory, await serve({ path, writable: true, port: 0 }));
  }

  async close(): Promise<void> {
    await this.#target.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  get count(): DamageCount {
    const { verify: refusedByVerify, push: refusedByPush } = this.#refused;
    const [tried, tags, missed] = [this.#tried, this.#tags, this.#missed];
    return { tried, refusedByVerify, refusedByPush, tags, missed };
  }

  async judge({ bytes, what }: Damage): Promise<void> {
    if (bytes.equals(this.#sample.bytes)) return;
    this.#tried++;
    const path = join(this.#directory, "damaged.tar.gz");
    await writeFile(path, bytes);
    const isVerified = await this.#isTaken(async () => (await this.#verify(path)).good);
    const prefix = `try${this.#tried}`;
    const isPushed = await this.#isTaken(async () => this.#push(path, prefix));
    const tags = await this.#tagsBelow(prefix);
    if (!isVerified) this.#refused.verify++;
    if (!isPushed) this.#refused.push++;
    this.#tags += tags;
    if (!isVerified && !isPushed && tags === 0) return;
    this.#missed.push(
      `${what}: ${isVerified ? "verify took it, " : ""}${isPushed ? "push took it, " : ""}${tags} tags`,
    );
  }

  #verify(path: string): ReturnType<typeof verify> {
    return verify({ path, trust: this.#sample.trust }, { workDirectory: this.#directory });
  }

  async #push(path: string, prefix: string): Promise<true> {
    const { trust } = this.#sample;
    const target = `${new URL(this.#target.url).host}/${prefix}`;
    const mapping = { mode: "drop-host", rules: [] } as const;
    await push({ path, target, trust, mapping }, { workDirectory: this.#directory });
    return true;
  }

  /** False for what was refused; what fails in another way is a mistake. */
  async #isTaken(judge: () => Promise<boolean>): Promise<boolean> {
    try {
      return await judge();
    } catch (error) {
      if (error instanceof DrayError && error.kind === "refused") return false;
      throw error;
    }
  }

  async #tagsBelow(prefix: string): Promise<number> {
    const { repositories } = await this.#ask<{ repositories: string[] }>("/v2/_catalog?n=100000");
    let count = 0;
    for (const name of repositories.filter((one) => one.startsWith(`${prefix}/`))) {
      const { tags } = await this.#ask<{ tags: string[] | null }>(`/v2/${name}/tags/list`);
      count += tags?.length ?? 0;
    }
    return count;
  }

  async #ask<T>(path: string): Promise<T> {
    const answer = await fetch(new URL(path, this.#target.url));
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as T;
  }
}
