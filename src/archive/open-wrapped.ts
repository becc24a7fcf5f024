import type { Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { Archive } from "./archive.ts";
import type { FileRange } from "./file-range.ts";
import { gunzip, limited, maxInflated, refusedOnce } from "./inflate.ts";
import { headOf, type Layer } from "./wrapping.ts";
import { loneArchive } from "./lone-archive.ts";
import { laterPart } from "./members/member-extent.ts";
import { MemberTar } from "./members/member-reader.ts";
import { nestedIn, nestedLayer } from "./nested.ts";
import { notReadable, sniff } from "./sniff.ts";
import { plainArchive, seekableArchive, streamedArchive } from "./tar/tar-archive.ts";
import { writeWorkFile, type WorkOptions } from "./work-file.ts";

/** Compressions and archives around one another: more than any accident makes. */
const MAX_LAYERS = 8;

export interface LayerOptions extends WorkOptions {
  /** Of the file, for messages. */
  readonly path: string;
  /** Open what an archive holds, if that is one archive and nothing else. @default true */
  readonly unwrap?: boolean | undefined;
}

/** Takes off compressions, and archives that hold nothing but another, until the entries appear. */
export async function openLayers(file: FileRange, options: LayerOptions): Promise<Archive> {
  const opening = new Opening(file, options);
  try {
    return await opening.open();
  } catch (error) {
    await opening.close();
    throw error;
  }
}

class Opening {
  readonly #options: LayerOptions;
  readonly #size: number;
  readonly #notes: Finding[] = [];
  /** What has to be closed with the archive, the last first. */
  readonly #open: (() => Promise<void>)[] = [];
  #layer: Layer;

  constructor(file: FileRange, options: LayerOptions) {
    this.#options = options;
    this.#size = file.size;
    this.#layer = {
      forms: [],
      range: file,
      leastSize: file.size,
      stream: () => file.read(0, file.size),
    };
  }

  async close(): Promise<void> {
    for (const close of this.#open.toReversed()) await close();
  }

  async open(): Promise<Archive> {
    for (;;) {
      if (this.#layer.forms.length >= MAX_LAYERS) throw tooDeep(this.#what);
      const archive = await this.#takeOff();
      if (archive === undefined) continue;
      const lone = this.#options.unwrap === false ? undefined : await loneArchive(archive);
      if (lone === undefined) return archive;
      this.#notes.push(nestedIn(this.#options.path, lone.name));
      this.#layer = await nestedLayer(archive, lone);
    }
  }

  /** For messages: what is being opened. */
  get #what(): string {
    const { forms } = this.#layer;
    const inside = forms.length === 0 ? "" : ` (${forms.join(", ")})`;
    return `${JSON.stringify(this.#options.path)}${inside}`;
  }

  /** Opens the present layer as an archive, or takes off the compression that it is. */
  async #takeOff(): Promise<Archive | undefined> {
    const head = await headOf(this.#layer);
    const kind = sniff(head);
    switch (kind) {
      case "gzip":
        return this.#gzip();
      case "zstd":
        return this.#inflate("zstd", (await import("./zstd.ts")).unzstd);
      case "tar":
        return this.#tar();
      case "zip":
        return this.#zip();
      default:
        throw (await this.#laterPart()) ?? notReadable(this.#what, head);
    }
  }

  async #laterPart(): Promise<DrayError | undefined> {
    const { range } = this.#layer;
    return range === undefined ? undefined : laterPart(range);
  }

  async #gzip(): Promise<Archive | undefined> {
    const { range } = this.#layer;
    const members = range === undefined ? undefined : await MemberTar.open(range);
    if (range === undefined || members === undefined) return this.#inflate("gzip", gunzip);
    return this.#archive(["gzip members", "tar"], seekableArchive(members, range));
  }

  #inflate(form: string, inflate: (source: Bytes, what: string) => Bytes): undefined {
    const { forms, leastSize, stream } = this.#layer;
    const what = this.#what;
    const limit = maxInflated(this.#size);
    this.#layer = {
      forms: [...forms, form],
      range: undefined,
      leastSize,
      stream: refusedOnce(() => limited(inflate(stream(), what), { limit, what })),
    };
  }

  #tar(): Archive {
    const { range } = this.#layer;
    const tar = range === undefined ? streamedArchive(this.#layer) : plainArchive(range);
    return this.#archive(["tar"], tar);
  }

  async #zip(): Promise<Archive> {
    const { openZip } = await import("./zip/zip-archive.ts");
    const range = this.#layer.range ?? (await this.#writeDown());
    const zip = await openZip(range, { what: this.#what, limit: maxInflated(this.#size) });
    return this.#archive(["zip"], zip);
  }

  /** A zip is read from its end: one that comes out of a compression has to be whole first. */
  async #writeDown(): Promise<FileRange> {
    const { stream, leastSize } = this.#layer;
    const { range, close } = await writeWorkFile(stream, { ...this.#options, leastSize });
    this.#open.push(close);
    return range;
  }

  #archive(forms: readonly string[], contents: Omit<Archive, "path" | "form" | "size">): Archive {
    this.#open.push(contents.close);
    return {
      ...contents,
      path: this.#options.path,
      form: [...this.#layer.forms, ...forms].join(", "),
      size: this.#size,
      notes: this.#notes,
      close: () => this.close(),
    };
  }
}

function tooDeep(what: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_TOO_DEEP",
    `Cannot open ${what}: expected at most ${MAX_LAYERS} compressions and archives around one another, found more`,
    { kind: "refused", hint: "Take some of them off and name what is inside." },
  );
}
