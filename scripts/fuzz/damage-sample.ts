import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDemoChart } from "../../fixtures/demo-chart.ts";
import { makeImage, makeLayer, pushImage, seededBytes } from "../../fixtures/images.ts";
import { MEMBER_BYTES } from "../../src/archive/members/gzip-members.ts";
import { parseNames } from "../../src/foreign/given-names.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { RegistryPool } from "../../src/remote/registry/pool.ts";
import { pack } from "../../src/stories/pack.ts";
import { serve } from "../../src/stories/serve.ts";
import { generateKeyPair, parsePrivateKey } from "../../src/trust/keys.ts";
import type { TrustPolicy } from "../../src/trust/policy.ts";

/** A signed bundle with everything that one can hold, whole gzip members inside a layer too. */
export interface DamageSample {
  readonly bytes: Buffer;
  readonly trust: TrustPolicy;
}

/** One byte more than two members, so that one lies whole inside wherever the layer begins. */
const LARGE = 2 * MEMBER_BYTES + 1;

/** Makes the sample; `directory` is for what has to be a file. */
export async function makeDamageSample(directory: string): Promise<DamageSample> {
  await mkdir(directory, { recursive: true });
  const key = parsePrivateKey(generateKeyPair(undefined).privateKey, { from: "damage" });
  const source = await serve({ writable: true, port: 0 });
  const pool = new RegistryPool({}, { side: "source" });
  try {
    const registry = new URL(source.url).host;
    const image = makeImage([makeLayer("large", LARGE), makeLayer("small", 700)]);
    await pushImage(pool.repository({ registry, repository: "team/app" }, "pull,push"), image, "1");
    const chart = await makeDemoChart(directory);
    await writeFile(`${chart}.prov`, "-----BEGIN PGP SIGNED MESSAGE-----\n");
    await writeFile(join(directory, "notes.bin"), seededBytes("notes", 5000));
    const output = join(directory, "sample.tar.gz");
    await pack({
      recipe: {
        name: "damage",
        version: "1",
        images: [{ reference: parseReference(`${registry}/team/app:1`) }],
        charts: [{ kind: "file", path: chart, images: "none" }],
        files: [{ path: join(directory, "notes.bin"), as: "notes.bin" }],
        from: [],
        names: parseNames([]),
        platforms: [],
      },
      store: join(directory, "store"),
      output,
      signingKey: key,
      created: new Date(0),
    });
    return { bytes: await readFile(output), trust: { keys: [key.publicKey] } };
  } finally {
    await Promise.all([pool.close(), source.close()]);
  }
}
