import type { Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { Carrier, FileArchive } from "./archive.ts";
import type { FileRange } from "./file-range.ts";
import { gunzip, limited, maxInflated, refusedOnce } from "./inflate.ts";
import { isoImage, knownFile, lastOfZip } from "./known-files.ts";
import { loneArchive, nestedIn } from "./lone-archive.ts";
import { laterPart } from "./members/member-extent.ts";
import { MemberTar } from "./members/member-reader.ts";
import { notReadable, sniff } from "./sniff.ts";
import { PlainTar } from "./tar/seekable-tar.ts";
import { streamArchive, tarArchive } from "./tar/tar-archive.ts";
import { entryOf, headOf, wholeFile, type Wrapped } from "./wrapping.ts";
import { writeWorkFile, type WorkOptions } from "./work-file.ts";

/** Compressions and archives around one another: more than any accident makes. */
const MAX_WRAPPINGS = 8;

export interface WrappedOptions extends WorkOptions {
  /** Of the file, for messages. */
  readonly path: string;
  /** Open what an archive holds, if that is one archive and nothing else. @default true */
  readonly unwrap?: boolean | undefined;
}

/** Takes off compressions, and archives that hold nothing but another, until the entries appear. */
export async function openWrapped(file: FileRange, options: WrappedOptions): Promise<FileArchive> {
  const opening = new Opening(file, options);
  try {
    return await opening.open();
  } catch (error) {
    await opening.close();
    throw error;
  }
}

class Opening {
  readonly #options: WrappedOptions;
  readonly #size: number;
  readonly #notes: Finding[] = [];
  /** What has to be closed with the archive, the last first. */
  readonly #open: (() => Promise<void>)[] = [];
  /** What is left of the file when all that is known is taken off. */
  #rest: Wrapped;

  constructor(file: FileRange, options: WrappedOptions) {
    this.#options = options;
    this.#size = file.size;
    this.#rest = wholeFile(file);
  }

  async close(): Promise<void> {
    for (const close of this.#open.toReversed()) await close();
  }

  async open(): Promise<FileArchive> {
    for (let depth = 0; depth < MAX_WRAPPINGS; depth++) {
      const archive = await this.#takeOff();
      if (archive === undefined) continue;
      this.#open.push(() => archive.close());
      const lone = this.#options.unwrap === false ? undefined : await loneArchive(archive);
      if (lone === undefined) return { ...archive, close: () => this.close() };
      this.#notes.push(nestedIn(this.#options.path, lone.name));
      this.#rest = await entryOf(archive, lone);
    }
    throw tooDeep(this.#what);
  }

  /** For messages: what is being opened. */
  get #what(): string {
    const { forms } = this.#rest;
    const inside = forms.length === 0 ? "" : ` (${forms.join(", ")})`;
    return `${JSON.stringify(this.#options.path)}${inside}`;
  }

  /** Opens the rest as an archive, or takes off the compression that it is. */
  async #takeOff(): Promise<FileArchive | undefined> {
    const head = await headOf(this.#rest);
    switch (sniff(head)) {
      case "gzip":
        return this.#gzip();
      case "zstd":
        return this.#inflate("zstd", (await import("./zstd.ts")).unzstd);
      case "tar":
        return this.#tar();
      case "zip":
        return this.#zip();
      default:
        throw await this.#unreadable(head);
    }
  }

  /** What is in a part of a bundle may look like some text: only archives are told from one first. */
  async #unreadable(head: Buffer): Promise<DrayError> {
    const { range } = this.#rest;
    const placed =
      range === undefined ? undefined : ((await isoImage(range)) ?? (await lastOfZip(range)));
    const known = placed ?? knownFile(head);
    const part =
      range === undefined || known?.isArchive === true
        ? undefined
        : await laterPart(range, this.#file);
    return part ?? notReadable({ what: this.#what, file: this.#file }, head, known);
  }

  /** For command lines: what lies inside something else, or in parts, has no path that they could name. */
  get #file(): string {
    const { forms, range } = this.#rest;
    const [only, ...others] = range?.pieces ?? [];
    return forms.length > 0 || only === undefined || others.length > 0 ? "FILE" : only.path;
  }

  async #gzip(): Promise<FileArchive | undefined> {
    const { range } = this.#rest;
    const members = range === undefined ? undefined : await MemberTar.open(range);
    if (range === undefined || members === undefined) return this.#inflate("gzip", gunzip);
    return tarArchive(members, range, this.#carrier("gzip members", "tar"));
  }

  #inflate(form: string, inflate: (source: Bytes, what: string) => Bytes): undefined {
    const { forms, leastSize, stream } = this.#rest;
    const what = this.#what;
    const limit = maxInflated(this.#size);
    this.#rest = {
      forms: [...forms, form],
      range: undefined,
      leastSize,
      stream: refusedOnce(() => limited(inflate(stream(), what), { limit, what })),
    };
  }

  #tar(): FileArchive {
    const { range } = this.#rest;
    const carrier = this.#carrier("tar");
    if (range === undefined) return streamArchive(this.#rest, carrier);
    return tarArchive(new PlainTar(range), range, carrier);
  }

  async #zip(): Promise<FileArchive> {
    const { openZip } = await import("./zip/zip-archive.ts");
    const range = this.#rest.range ?? (await this.#writeDown());
    const limit = maxInflated(this.#size);
    const named = { what: this.#what, file: this.#file };
    return openZip(range, { ...named, limit, carrier: this.#carrier("zip") });
  }

  /** A zip is read from its end: one that comes out of a compression has to be whole first. */
  async #writeDown(): Promise<FileRange> {
    const { stream, leastSize } = this.#rest;
    const { range, close } = await writeWorkFile(stream, { ...this.#options, leastSize });
    this.#open.push(close);
    return range;
  }

  #carrier(...found: readonly string[]): Carrier {
    return {
      path: this.#options.path,
      forms: [...this.#rest.forms, ...found],
      size: this.#size,
      notes: this.#notes,
    };
  }
}

function tooDeep(what: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_TOO_DEEP",
    `Cannot open ${what}: expected at most ${MAX_WRAPPINGS} compressions and archives around one another, found more`,
    { kind: "refused", hint: "Take some of them off and name what is inside." },
  );
}
