import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeBundle } from "../../fixtures/bundles.ts";
import { packedChart } from "../../fixtures/charts.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { generateKeyPair } from "../../src/trust/keys.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { dray, type Outcome, type TerminalOptions } from "./terminal.ts";

const IMAGE = "ghcr.io/acme/web:2.0";

const CHART = {
  "values.yaml": 'repository: ghcr.io/acme/web\ntag: "2.0"\n',
  "templates/web.yaml":
    'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: main, image: "{{ .Values.repository }}:{{ .Values.tag }}"}\n',
};

/** A bundle, a chart, keys and logins in one folder, a registry, and what dray says of a line about them. */
export class Place {
  readonly folder: string;
  readonly #bundle: string;
  readonly #host: string;

  private constructor(bundle: string, host: string) {
    this.folder = dirname(bundle);
    this.#bundle = bundle;
    this.#host = host;
  }

  static async open(): Promise<Place> {
    const tgz = packedChart(CHART, { name: "shop" });
    const images = { [IMAGE]: makeImage([makeLayer("web", 500)]) };
    const { path } = await makeBundle({
      images,
      charts: [{ tgz }],
      files: { "read-me.txt": "hi" },
    });
    const { host } = await startRegistry();
    const place = new Place(path, host);
    const pair = generateKeyPair(undefined);
    await writeFile(place.at("release.key"), pair.privateKey, { mode: 0o600 });
    await writeFile(place.at("release.pub"), pair.publicKey);
    await writeFile(place.at("note.txt"), "hello");
    await writeFile(place.at("shop.tgz"), tgz);
    await mkdir(place.at("docker"));
    const auths = { "r.example": { auth: Buffer.from("me:secret").toString("base64") } };
    await writeFile(place.at("docker/config.json"), JSON.stringify({ auths }));
    return place;
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** `B`, `T`, `H` and `@name` stand for the bundle, a target, its host and a place in the folder. */
  async dray(line: string, options: TerminalOptions = {}): Promise<Outcome> {
    const words = line.split(" ").map((word) => {
      if (word === "B") return this.#bundle;
      if (word === "T") return `${this.#host}/mirror`;
      return word.startsWith("@") ? this.at(word.slice(1)) : word.replace(/^H\b/, this.#host);
    });
    const env = { DOCKER_CONFIG: this.at("docker") };
    return dray(words, { env, stdin: "secret", ...options });
  }
}
