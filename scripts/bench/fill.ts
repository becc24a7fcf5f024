import { makeImage, makeLayer, pushImage } from "../../fixtures/images.ts";
import { RegistryPool } from "../../src/remote/registry/pool.ts";

/** Of few images each has five layers, of which they share one; of many each has three of its own. */
const MANY = 20;

export interface Filling {
  readonly count: number;
  /** Of all of them. */
  readonly bytes: number;
}

/** Pushes random images and gives their references. */
export async function fill(host: string, { count, bytes }: Filling): Promise<string[]> {
  const pool = new RegistryPool({ concurrency: 4 }, { side: "target" });
  const layers = count >= MANY ? 3 : 5;
  const size = Math.ceil(bytes / count / layers);
  const references: string[] = [];
  for (let image = 0; image < count; image++) {
    const place = { registry: host, repository: `bench/image${image}` };
    const made = Array.from({ length: layers }, (_item, layer) =>
      makeLayer(count < MANY && layer === 0 ? "base" : `${image}-${layer}`, size),
    );
    await pushImage(pool.repository(place, "pull,push"), makeImage(made), "1.0");
    references.push(`${host}/${place.repository}:1.0`);
  }
  await pool.close();
  return references;
}
