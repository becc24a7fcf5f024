import { describe, expect, it } from "vitest";
import {
  makeBundle,
  makeChart,
  newKey,
  readEntries,
  sampleRecipe,
  SIGNER,
  type Entries,
} from "../../fixtures/bundles.ts";
import { makeImage, makeLayer, makeMultiArch } from "../../fixtures/images.ts";
import { authored, type Authored } from "../../src/content/memory.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { signDetached } from "../../src/trust/detached.ts";
import {
  changed,
  changedIndex,
  changedManifest,
  check,
  checkEntries,
  checkResigned,
  errorCodes,
  sampleEntries,
  type BundleJson,
  type IndexJson,
} from "./checking.ts";

/** What is wrong with a bundle whose list was changed, and signed as it is then. */
async function wrongList(change: (text: string) => string): Promise<string[]> {
  const entries = changed(await sampleEntries(), "SHA256SUMS", (content) =>
    change(content.toString()),
  );
  const list = entries.get("SHA256SUMS") ?? Buffer.alloc(0);
  const { bundle, signature } = signDetached(SIGNER, list);
  entries.set("SHA256SUMS.sigstore.json", bundle).set("SHA256SUMS.sig", signature);
  return errorCodes(await checkEntries(entries));
}

async function wrongManifest(change: (document: BundleJson) => void): Promise<string[]> {
  return errorCodes(await checkResigned(changedManifest(await sampleEntries(), change)));
}

async function wrongIndex(change: (document: IndexJson) => void): Promise<string[]> {
  return errorCodes(await checkResigned(changedIndex(await sampleEntries(), change)));
}

describe("entries against the list", () => {
  it("fit in a bundle as it was written", async () => {
    expect(await checkEntries(await sampleEntries())).toMatchObject({ good: true, findings: [] });
    expect(await checkResigned(await sampleEntries())).toMatchObject({ good: true, findings: [] });
  });

  it.each([
    "README.txt",
    "bundle.json",
    "oci-layout",
    "index.json",
    "files/notes/read-me.txt",
    "charts/web-1.2.3.tgz",
  ])("are refused when %s is changed or stands twice", async (name) => {
    const entries = await sampleEntries();
    const altered = await checkEntries(
      changed(entries, name, (content) => `${content.toString("latin1")} `),
    );
    expect(errorCodes(altered)).toContain("ENTRY_ALTERED");
    expect(altered.findings.find(({ code }) => code === "ENTRY_ALTERED")).toMatchObject({
      entry: name,
      wanted: expect.stringMatching(/^sha256:/) as string,
      found: expect.stringMatching(/^sha256:/) as string,
    });
    const twice = [...entries, [name, entries.get(name) ?? Buffer.alloc(0)] as const];
    expect(errorCodes(await checkEntries(twice))).toContain("ENTRY_DUPLICATE");
  });

  // What can be made again is no loss: accidents.test.ts.
  it.each(["README.txt", "bundle.json", "files/notes/read-me.txt", "charts/web-1.2.3.tgz"])(
    "are refused when %s is missing",
    async (name) => {
      const missing = changed(await sampleEntries(), name, () => undefined);
      expect(errorCodes(await checkEntries(missing))).toContain("ENTRY_MISSING");
    },
  );

  it("are refused when two blobs swap their names", async () => {
    const entries = await sampleEntries();
    const [one = "", two = ""] = [...entries.keys()].filter((name) => name.startsWith("blobs/"));
    const swapped = new Map(entries);
    swapped
      .set(one, entries.get(two) ?? Buffer.alloc(0))
      .set(two, entries.get(one) ?? Buffer.alloc(0));
    expect(errorCodes(await checkEntries(swapped))).toEqual(
      expect.arrayContaining(["ENTRY_ALTERED", "ENTRY_ALTERED"]),
    );
    // With a list that fits, the names are still not the digests of what they name.
    expect(errorCodes(await checkResigned(swapped))).toContain("BLOB_DIGEST");
  });

  it("are refused when one is renamed, or added", async () => {
    const entries = await sampleEntries();
    const renamed = new Map(
      [...entries].map(([name, content]) => [name.replace("read-me", "readme"), content]),
    );
    expect(errorCodes(await checkEntries(renamed))).toEqual(
      expect.arrayContaining(["ENTRY_MISSING", "ENTRY_EXTRA"]),
    );
    for (const name of [
      "evil.sh",
      "files/evil.sh",
      "blobs/sha256/evil",
      `blobs/sha256/${"0".repeat(64)}`,
      "sub/index.json",
    ]) {
      const report = await checkEntries([...entries, [name, Buffer.from("x")]]);
      expect(report.findings).toContainEqual(
        expect.objectContaining({ code: "ENTRY_EXTRA", entry: name }),
      );
    }
  });

  it("are refused with a second index.json, first or last, in any spelling", async () => {
    const entries = [...(await sampleEntries())];
    const smuggled = Buffer.from('{"schemaVersion":2,"manifests":[]}');
    for (const name of ["index.json", "./index.json", "INDEX.JSON"]) {
      for (const order of [
        [...entries, [name, smuggled] as const],
        [[name, smuggled] as const, ...entries],
      ]) {
        expect([name, (await checkEntries(order)).good]).toEqual([name, false]);
      }
    }
  });

  it("name all that is wrong at once", async () => {
    let entries = await sampleEntries();
    entries = changed(entries, "README.txt", () => "other");
    entries = changed(entries, "files/notes/read-me.txt", () => undefined);
    entries.set("evil.sh", Buffer.from("x"));
    expect(errorCodes(await checkEntries(entries))).toEqual(
      expect.arrayContaining(["ENTRY_ALTERED", "ENTRY_MISSING", "ENTRY_EXTRA"]),
    );
  });
});

describe("the list itself", () => {
  it.each([
    ["CR LF", (text: string) => text.replaceAll("\n", "\r\n")],
    ["no end", (text: string) => text.trimEnd()],
    ["an empty line", (text: string) => `${text}\n`],
    ["a line twice", (text: string) => text.replace(/^(.*\n)/, "$1$1")],
    [
      "another order",
      (text: string) => `${text.split("\n").slice(0, -1).toReversed().join("\n")}\n`,
    ],
    ["upper-case sums", (text: string) => text.replace(/^[a-f0-9]+/, (sum) => sum.toUpperCase())],
    ["a short sum", (text: string) => text.slice(1)],
    ["a comment", (text: string) => `# sums\n${text}`],
    ["nothing", () => ""],
    ["a path that climbs", (text: string) => text.replace("README.txt", "../README.txt")],
    ["an absolute path", (text: string) => text.replace("README.txt", "/README.txt")],
    ["a path with a backslash", (text: string) => text.replace("README.txt", "\\README.txt")],
    ["a path with a drive", (text: string) => text.replace("README.txt", "C:README.txt")],
    ["a path that begins with a dot", (text: string) => text.replace("README.txt", "./README.txt")],
    ["a path with an escape", (text: string) => text.replace("README.txt", "READ\u001b[2JME.txt")],
  ])("is refused with %s", async (_what, change) => {
    expect(await wrongList(change)).toContain("SUMS_INVALID");
  });

  it("must not list itself or its signatures", async () => {
    const found = await wrongList((text) => {
      const lines = [...text.trimEnd().split("\n"), `${"0".repeat(64)}  SHA256SUMS`];
      return `${lines.toSorted((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join("\n")}\n`;
    });
    expect(found).toContain("ENTRY_ALTERED");
  });

  it("is missed by name where it is gone, with a word on what that looks like", async () => {
    const report = await checkEntries(
      changed(await sampleEntries(), "SHA256SUMS", () => undefined),
    );
    expect(errorCodes(report)).toEqual(["SUMS_MISSING"]);
    expect(report.findings[0]?.hint).toMatch(/OCI image layout/);
  });
});

describe("signature files", () => {
  it("of which one is missing are refused", async () => {
    for (const name of ["SHA256SUMS.sig", "SHA256SUMS.sigstore.json"]) {
      expect(
        errorCodes(await checkEntries(changed(await sampleEntries(), name, () => undefined))),
      ).toContain("SIGNATURE_INCOMPLETE");
    }
  });

  it("of which both are missing make a bundle unsigned", async () => {
    let entries = changed(await sampleEntries(), "SHA256SUMS.sig", () => undefined);
    entries = changed(entries, "SHA256SUMS.sigstore.json", () => undefined);
    expect(errorCodes(await checkEntries(entries))).toEqual(["SIGNATURE_MISSING"]);
  });

  it("that are not one signature in two forms are refused", async () => {
    for (const change of [
      (raw: Buffer) => raw.subarray(0, 3),
      (raw: Buffer) => raw.subarray(3),
      () => Buffer.alloc(0),
      () => Buffer.from("MEUC"),
      (raw: Buffer) => Buffer.concat([raw, Buffer.from([0])]),
    ]) {
      expect(
        errorCodes(await checkEntries(changed(await sampleEntries(), "SHA256SUMS.sig", change))),
      ).toEqual(["SIGNATURE_ALTERED"]);
    }
  });

  it("that are huge or rubbish are findings like others", async () => {
    for (const content of [
      Buffer.alloc(5 * 1024 * 1024, " "),
      Buffer.from("rubbish"),
      Buffer.alloc(0),
    ]) {
      const report = await checkEntries(
        changed(await sampleEntries(), "SHA256SUMS.sigstore.json", () => content),
      );
      expect(report.good).toBe(false);
      expect(errorCodes(report).length).toBeGreaterThan(0);
    }
  });

  it("by a key that lies in the bundle prove nothing", async () => {
    const stranger = newKey();
    const pem = stranger.publicKey.key.export({ type: "spki", format: "pem" }).toString();
    const own = await makeBundle(
      { ...sampleRecipe(), files: { "trusted.pub": pem } },
      { key: stranger },
    );
    expect(errorCodes(await check(own.path))).toEqual(["SIGNATURE_NOT_TRUSTED"]);
  });

  it("of another bundle prove nothing", async () => {
    const other = await readEntries((await makeBundle({ files: { a: "other" } })).path);
    let entries = await sampleEntries();
    for (const name of ["SHA256SUMS.sigstore.json", "SHA256SUMS.sig"]) {
      entries = changed(entries, name, () => other.get(name) ?? "");
    }
    expect(errorCodes(await checkEntries(entries))).toContain("SIGNATURE_INVALID");
  });
});

describe("the layout", () => {
  it("must have every blob, and each is named with what needs it", async () => {
    const entries = await sampleEntries();
    for (const name of [...entries.keys()].filter((path) => path.startsWith("blobs/"))) {
      const report = await checkResigned(changed(entries, name, () => undefined));
      expect([name, ...errorCodes(report)]).toContain("BLOB_MISSING");
      expect(report.findings.find(({ code }) => code === "BLOB_MISSING")?.message).toMatch(
        /^(registry\.example\/team\/app:1\.0|charts\/web:1\.2\.3) needs .* which is missing$/,
      );
    }
  });

  it("must have no blob that nothing needs", async () => {
    const entries = await sampleEntries();
    const stray = authored(MediaType.octetStream, Buffer.from("stray"));
    entries.set(`blobs/sha256/${stray.descriptor.digest.slice(7)}`, stray.bytes);
    expect(errorCodes(await checkResigned(entries))).toEqual(["BLOB_UNREFERENCED"]);
  });

  it("must not hold blobs under names that are no digests of a kind that is known", async () => {
    const entries = await sampleEntries();
    for (const name of [
      "blobs/sha256/x",
      "blobs/md5/d41d8cd98f00b204e9800998ecf8427e",
      "blobs/x",
      "blobs/sha256/sub/x",
    ]) {
      const report = await checkResigned(new Map([...entries, [name, Buffer.from("x")]]));
      expect([name, report.good]).toEqual([name, false]);
    }
  });

  it("must not hold a layer of another size than its manifest says", async () => {
    const layer = makeLayer("size", 1000);
    const lying = {
      ...layer,
      descriptor: { ...layer.descriptor, size: layer.descriptor.size + 1 },
    };
    const entries = await sampleEntries();
    const image = makeImage([lying]);
    addImage(entries, "registry.example/lying:1", [image.root, ...image.blobs]);
    expect(errorCodes(await checkResigned(entries))).toContain("BLOB_SIZE");
  });

  it("must not say two sizes of one blob", async () => {
    const layer = makeLayer("two sizes", 1000);
    const lying = {
      ...layer,
      descriptor: { ...layer.descriptor, size: layer.descriptor.size + 1 },
    };
    const image = makeImage([layer, lying]);
    const entries = await sampleEntries();
    addImage(entries, "registry.example/lying:1", [image.root, ...image.blobs]);
    expect(errorCodes(await checkResigned(entries))).toContain("BLOB_SIZE");
  });

  it("follows a manifest that stands as plain content before it", async () => {
    const inner = makeImage([makeLayer("hidden", 100)]);
    const plain = { ...inner.root.descriptor, mediaType: MediaType.octetStream };
    const document = {
      schemaVersion: 2,
      mediaType: MediaType.ociIndex,
      manifests: [plain, inner.root.descriptor],
    };
    const index = authored(MediaType.ociIndex, Buffer.from(JSON.stringify(document)));
    const entries = await sampleEntries();
    // The manifest is there, its layer is not.
    addImage(entries, "registry.example/hidden:1", [index, inner.root]);
    expect(errorCodes(await checkResigned(entries))).toContain("BLOB_MISSING");
  });

  it("must not claim sizes that are beyond all counting", async () => {
    const entries = changed(await sampleEntries(), "index.json", (content) =>
      content.toString().replace(/"size": \d+/, `"size": ${2 ** 60}`),
    );
    expect(errorCodes(await checkResigned(entries))).toEqual(["LAYOUT_INVALID"]);
  });

  it("must not have an index of 25 MB", async () => {
    const entries = changed(await sampleEntries(), "index.json", (content) =>
      Buffer.concat([content, Buffer.alloc(25_000_000, " ")]),
    );
    const report = await checkResigned(entries);
    expect(errorCodes(report)).toEqual(["ENTRY_TOO_LARGE"]);
  });

  it("must not name its blobs by paths", async () => {
    const entries = changed(await sampleEntries(), "index.json", (content) =>
      content.toString().replace(/sha256:[a-f0-9]+/, "sha256:../../../etc/passwd"),
    );
    expect(errorCodes(await checkResigned(entries))).toEqual(["LAYOUT_INVALID"]);
  });

  it("must be of version 1.0.0", async () => {
    for (const text of ['{"imageLayoutVersion":"2.0.0"}', "{}", "[]", "rubbish", ""]) {
      const report = await checkResigned(changed(await sampleEntries(), "oci-layout", () => text));
      expect(errorCodes(report)).toHaveLength(1);
    }
  });

  it("must hold manifests that mean one thing", async () => {
    const ambiguous = authored(
      MediaType.ociManifest,
      Buffer.from(JSON.stringify({ schemaVersion: 2, config: {}, layers: [], manifests: [] })),
    );
    const entries = await sampleEntries();
    addImage(entries, "registry.example/ambiguous:1", [ambiguous]);
    expect(errorCodes(await checkResigned(entries))).toContain("MANIFEST_AMBIGUOUS");
  });

  it("must not nest indexes for ever", async () => {
    let root: Authored = makeImage([]).root;
    const all = [...makeImage([]).blobs, root];
    for (let depth = 0; depth < 12; depth++) {
      const document = {
        schemaVersion: 2,
        mediaType: MediaType.ociIndex,
        manifests: [root.descriptor],
      };
      all.push((root = authored(MediaType.ociIndex, Buffer.from(JSON.stringify(document)))));
    }
    const entries = await sampleEntries();
    addImage(entries, "registry.example/deep:1", [root, ...all.slice(0, -1)]);
    expect(errorCodes(await checkResigned(entries))).toContain("INDEX_TOO_DEEP");
  });

  it("is read once, however many ways through indexes lead to it", async () => {
    let level = [makeImage([]).root];
    const all = [...makeImage([]).blobs];
    for (const width of [20, 20, 20, 20, 20, 20, 1]) {
      all.push(...level);
      const manifests = level.map(({ descriptor }) => descriptor);
      level = Array.from({ length: width }, (_, index) => {
        const annotations = { index: String(index) };
        const document = {
          schemaVersion: 2,
          mediaType: MediaType.ociIndex,
          manifests,
          annotations,
        };
        return authored(MediaType.ociIndex, Buffer.from(JSON.stringify(document)));
      });
    }
    const entries = await sampleEntries();
    addImage(entries, "registry.example/wide:1", [...level, ...all]);
    // Who goes every way instead reads it 64 million times.
    expect(errorCodes(await checkResigned(entries))).toEqual(["BUNDLE_MISMATCH"]);
  });
});

/** Puts an image into entries by hand; the first document is its root. */
function addImage(entries: Entries, name: string, documents: readonly Authored[]): void {
  const [root] = documents;
  for (const { descriptor, bytes } of documents) {
    entries.set(`blobs/sha256/${descriptor.digest.slice(7)}`, bytes);
  }
  const index = JSON.parse(entries.get("index.json")?.toString() ?? "") as { manifests: unknown[] };
  const annotations = { "org.opencontainers.image.ref.name": name };
  index.manifests.push({ ...root?.descriptor, annotations });
  entries.set("index.json", Buffer.from(JSON.stringify(index)));
}

describe("bundle.json", () => {
  it.each<[string, (document: BundleJson) => void]>([
    [
      "another digest",
      ({ artifacts }) =>
        void Object.assign(artifacts[1] ?? {}, { digest: `sha256:${"0".repeat(64)}` }),
    ],
    ["another size", ({ artifacts }) => void Object.assign(artifacts[1] ?? {}, { size: 1 })],
    [
      "another type",
      ({ artifacts }) =>
        void Object.assign(artifacts[1] ?? {}, { mediaType: MediaType.dockerList }),
    ],
    [
      "another platform",
      ({ artifacts }) => void Object.assign(artifacts[1] ?? {}, { platforms: ["linux/s390x"] }),
    ],
    [
      "another name",
      ({ artifacts }) =>
        void Object.assign(artifacts[1] ?? {}, { reference: "registry.example/other:1" }),
    ],
    [
      "a chart for an image",
      ({ artifacts }) => void Object.assign(artifacts[0] ?? {}, { kind: "image" }),
    ],
    [
      "an image for a chart",
      ({ artifacts }) =>
        void Object.assign(artifacts[1] ?? {}, { kind: "chart", name: "x", version: "1" }),
    ],
    ["an artifact too few", ({ artifacts }) => void artifacts.pop()],
    [
      "an artifact too many",
      ({ artifacts }) =>
        void artifacts.push({ ...artifacts[1], reference: "registry.example/more:1" }),
    ],
    ["an artifact twice", ({ artifacts }) => void artifacts.push({ ...artifacts[1] })],
    [
      "another chart file",
      ({ artifacts }) =>
        void Object.assign(artifacts[0] ?? {}, { file: "files/notes/read-me.txt" }),
    ],
    [
      "a chart file of its own",
      ({ artifacts }) => void Object.assign(artifacts[1] ?? {}, { file: "charts/web-1.2.3.tgz" }),
    ],
    ["a chart without a file", ({ artifacts }) => void delete artifacts[0]?.["file"]],
    [
      "another version of a chart than its file",
      ({ artifacts }) => void Object.assign(artifacts[0] ?? {}, { version: "1.2.4" }),
    ],
    ["a file too many", ({ files }) => void files.push({ path: "files/x", size: 1 })],
    ["another size of a file", ({ files }) => void Object.assign(files[0] ?? {}, { size: 7 })],
    ["a file outside its place", ({ files }) => void files.push({ path: "README.txt", size: 1 })],
  ])("is refused with %s", async (_what, change) => {
    expect(await wrongManifest(change)).toContain("BUNDLE_MISMATCH");
  });

  it("is refused where it leaves out a file that is there", async () => {
    expect(await wrongManifest(({ files }) => void files.pop())).toContain("ENTRY_UNEXPECTED");
  });

  it.each<[string, (document: BundleJson) => void]>([
    ["another format", (document) => void (document.formatVersion = 2)],
    ["a name that is a path", (document) => void (document.name = "../../x")],
    ["a version that is a path", (document) => void (document.version = "1.0.0/../../x")],
    ["a name with an escape", (document) => void (document.name = "a\u001b[2J")],
    ["no name", (document) => void (document.name = "")],
    ["a size that is negative", ({ files }) => void Object.assign(files[0] ?? {}, { size: -1 })],
    [
      "an unknown kind",
      ({ artifacts }) => void Object.assign(artifacts[0] ?? {}, { kind: "virus" }),
    ],
  ])("is refused with %s", async (_what, change) => {
    expect(await wrongManifest(change)).toContain("BUNDLE_INVALID");
  });

  it.each<[string, (document: BundleJson) => void]>([
    ['field "deltaOf"', (document) => void Object.assign(document, { deltaOf: "sha256:00" })],
    [
      'artifacts, item 1: field "encryption"',
      ({ artifacts }) => void Object.assign(artifacts[0] ?? {}, { encryption: "age" }),
    ],
    [
      'files, item 1: field "mode"',
      ({ files }) => void Object.assign(files[0] ?? {}, { mode: 493 }),
    ],
    [
      'skipped, item 1: field "until"',
      (document) =>
        void Object.assign(document, { skipped: [{ kind: "a/B", reason: "r", until: "x" }] }),
    ],
  ])("is refused with %s, as made by a newer dray", async (field, change) => {
    const entries = await sampleEntries();
    const document = JSON.parse(String(entries.get("bundle.json"))) as BundleJson;
    change(document);
    const result = await checkResigned(
      changed(entries, "bundle.json", () => JSON.stringify(document)),
    );
    const found = result.findings.find(({ code }) => code === "BUNDLE_INVALID");
    expect(found?.message).toContain(`made by a newer dray: ${field} is not known here`);
    expect(found?.hint).toBe("Update dray on this side.");
  });

  it("is refused with a higher version, which is said", async () => {
    const entries = changed(await sampleEntries(), "bundle.json", (content) =>
      content.toString().replace('"formatVersion": 1', '"formatVersion": 2'),
    );
    const { findings } = await checkResigned(entries);
    expect(findings.map(({ message }) => message).join()).toContain(
      "made by a newer dray: formatVersion is 2, and 1 is known here",
    );
  });

  it("is refused beside an entry that has no place, which is named", async () => {
    const entries = new Map([...(await sampleEntries()), ["tools/helm", Buffer.from("x")]]);
    const { findings } = await checkResigned(entries);
    expect(findings).toMatchObject([
      {
        code: "ENTRY_UNEXPECTED",
        message: expect.stringContaining("tools/helm: made by a newer dray") as string,
      },
    ]);
  });

  it("is refused where a name stands twice in it", async () => {
    const entries = changed(await sampleEntries(), "bundle.json", (content) =>
      content.toString().replace("{", '{"name":"evil",'),
    );
    expect(errorCodes(await checkResigned(entries))).toContain("JSON_INVALID");
  });
});

describe("index.json", () => {
  it.each<[string, (document: IndexJson) => void]>([
    [
      "a root under another name",
      ({ manifests }) =>
        void Object.assign(manifests[1] ?? {}, {
          annotations: { "org.opencontainers.image.ref.name": "other" },
        }),
    ],
    [
      "two names for one root",
      ({ manifests }) =>
        void Object.assign(manifests[1]?.annotations ?? {}, {
          "org.opencontainers.image.ref.name": "other",
        }),
    ],
    [
      "a root without a name",
      ({ manifests }) => void Object.assign(manifests[1] ?? {}, { annotations: {} }),
    ],
    [
      "a name that only some readers know",
      ({ manifests }) => void delete manifests[1]?.annotations["org.opencontainers.image.ref.name"],
    ],
    [
      "one name for two roots",
      ({ manifests }) =>
        void Object.assign(manifests[0] ?? {}, { annotations: { ...manifests[1]?.annotations } }),
    ],
    ["one root twice", ({ manifests }) => void manifests.push(...manifests.slice(1))],
    ["a root too few", ({ manifests }) => void manifests.pop()],
  ])("is refused with %s", async (_what, change) => {
    expect(await wrongIndex(change)).toContain("BUNDLE_MISMATCH");
  });

  it("is refused where two roots of one name hide one another", async () => {
    const entries = await sampleEntries();
    const evil = makeImage([makeLayer("evil", 100)]);
    addImage(entries, "registry.example/team/app:1.0", [evil.root, ...evil.blobs]);
    const report = await checkResigned(entries);
    expect(errorCodes(report)).toContain("BUNDLE_MISMATCH");
    // The other way round as well: whichever a reader takes, there is no second one.
    const turned = changedIndex(entries, (document) => {
      document.manifests = document.manifests.toReversed();
    });
    expect(errorCodes(await checkResigned(turned))).toContain("BUNDLE_MISMATCH");
  });

  it("is refused with a root that is no manifest", async () => {
    const entries = changedIndex(await sampleEntries(), ({ manifests }) => {
      Object.assign(manifests[1] ?? {}, { mediaType: MediaType.octetStream });
    });
    expect(errorCodes(await checkResigned(entries))).toContain("ROOT_UNSUPPORTED");
  });
});

describe("a chart", () => {
  it("as a file must be the chart of its manifest, byte for byte", async () => {
    const entries = changed(await sampleEntries(), "charts/web-1.2.3.tgz", () =>
      makeChart("web", "1.2.3", "description: other\n"),
    );
    expect(errorCodes(await checkResigned(entries))).toContain("BUNDLE_MISMATCH");
  });

  it("must have the provenance that its manifest has, and no other", async () => {
    const signed = { charts: [{ tgz: makeChart("web", "1.0.0"), provenance: "signed" }] };
    const entries = await readEntries((await makeBundle(signed)).path);
    expect(errorCodes(await checkResigned(entries))).toEqual([]);
    for (const change of [() => "forged", () => undefined]) {
      const report = await checkResigned(changed(entries, "charts/web-1.0.0.tgz.prov", change));
      expect(report.good).toBe(false);
    }
    const unsigned = await sampleEntries();
    unsigned.set("charts/web-1.2.3.tgz.prov", Buffer.from("forged"));
    expect((await checkResigned(unsigned)).good).toBe(false);
  });
});

describe("a warning", () => {
  it("is all that a missing subject, a foreign layer and a conflict of types are worth", async () => {
    const subject = makeImage([makeLayer("subject", 10)]).root.descriptor;
    const base = makeImage([makeLayer("referrer", 10)]);
    const manifest = JSON.parse(base.root.bytes.toString()) as object;
    const referrer = authored(
      MediaType.ociManifest,
      Buffer.from(JSON.stringify({ ...manifest, subject })),
    );
    const foreign = makeLayer("foreign", 10);
    const windows = makeImage([
      {
        ...foreign,
        descriptor: {
          ...foreign.descriptor,
          mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        },
      },
    ]);
    const made = await makeBundle({
      images: {
        "registry.example/referrer:1": { root: referrer, blobs: base.blobs },
        "registry.example/windows:1": windows,
      },
    });
    const report = await check(made.path);
    expect(report.good).toBe(true);
    expect(report.findings.map(({ code, severity }) => [code, severity])).toEqual([
      ["SUBJECT_MISSING", "warning"],
      ["LAYER_NOT_DISTRIBUTABLE", "warning"],
    ]);
  });
});

describe("content that many share", () => {
  it("is in the bundle once, and nothing is wrong with that", async () => {
    const multi = makeMultiArch("shared", { platforms: ["amd64", "arm64", "s390x"], size: 1000 });
    const made = await makeBundle({
      images: { "a.example/one:1": multi, "b.example/two:2": multi },
    });
    expect(await check(made.path)).toMatchObject({ good: true, findings: [] });
    const blobs = [...(await readEntries(made.path)).keys()].filter((name) =>
      name.startsWith("blobs/"),
    );
    expect(blobs).toHaveLength(multi.blobs.length + 1 - 2);
  });
});

describe("a packed chart", () => {
  it("that calls itself something else than bundle.json is reported", async () => {
    const other = makeChart("other", "9.9.9");
    const made = await makeBundle({ charts: [{ tgz: other }] });
    const entries = changedManifest(await readEntries(made.path), ({ artifacts: [chart] }) => {
      Object.assign(chart ?? {}, { name: "web", version: "1.2.3", file: "charts/web-1.2.3.tgz" });
    });
    entries.set("charts/web-1.2.3.tgz", other);
    entries.delete("charts/other-9.9.9.tgz");
    const { findings, good } = await checkResigned(entries);
    expect(findings).toMatchObject([
      {
        code: "CHART_NAME_CONFLICT",
        severity: "warning",
        wanted: "web 1.2.3",
        found: "other 9.9.9",
      },
    ]);
    expect(good).toBe(true);
  });
});
