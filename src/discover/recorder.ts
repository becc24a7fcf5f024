import { shownPath } from "../chart/chart.ts";
import { renderFiles, type RenderedFile, type RenderOptions } from "../helm/render/render.ts";
import type { TemplateSet } from "../helm/render/template-set.ts";
import type { Instance } from "../helm/values/compose.ts";
import { formatReference } from "../oci/reference.ts";
import { splitDocuments } from "../yaml/places.ts";
import type { Collector } from "./collector.ts";
import { withSettings } from "./discovery.ts";
import { isMadeUp, sayCompleted } from "./made-up.ts";
import { kindsWithImages, type Reading } from "./manifests.ts";
import { imagesIn, type RenderedImage, type RenderedImages } from "./rendered-images.ts";
import { reportOthers } from "./report-unknowns.ts";
import { formatSwitches, type Switch } from "./switches.ts";

/** One minor version before the default: what differs between the two depends on the cluster. */
const OTHER_KUBE_VERSION = "v1.34.7";

/** Files printed with certain settings. */
export interface Pass {
  readonly root: Instance;
  readonly set: TemplateSet;
  readonly options: RenderOptions;
  readonly files: readonly RenderedFile[];
  /** What is different from the values given; nothing for those themselves. */
  readonly switches: readonly Switch[];
}

/** Reads renderings and records their images. */
export class Recorder {
  readonly #collector: Collector;
  readonly #knowsVersion: boolean;
  /** What each file printed first; a trial that prints the same shows nothing new. */
  readonly #printed = new Map<string, Printed>();
  /** By what was printed: what a setting leaves as another had it is the same object, and read once. */
  readonly #read = new WeakMap<RenderedFile, RenderedImages>();
  /** Lines of what was read so far that may hold an image or a part of one. */
  readonly #lines = new Set<string>();
  /** Settings that showed an image which was not known before. */
  readonly fruitful: (readonly Switch[])[] = [];

  constructor(collector: Collector, options: { knowsVersion: boolean }) {
    this.#collector = collector;
    this.#knowsVersion = options.knowsVersion;
  }

  record(pass: Pass): void {
    const files = pass.files.filter((file) => this.#isWorthReading(file, pass.switches.length));
    if (pass.switches.length === 0) {
      for (const { text } of files) this.#collector.resources.addDefined(kindsWithImages(text));
    }
    // What a setting prints beside images is for whoever installs with it.
    const checksAll = pass.switches.length === 0;
    const found = files.map((file) => ({ file, ...this.#imagesIn(file, checksAll) }));
    for (const file of files) this.#remember(file);
    const fresh = found.filter(({ images }) => images.some((one) => this.#isNew(one)));
    if (fresh.length > 0 && pass.switches.length > 0) this.fruitful.push(pass.switches);
    const moving = this.#moving(
      pass,
      fresh.map(({ file }) => file),
    );
    const when = formatSwitches(pass.switches);
    for (const { images, resources } of found) {
      for (const image of images) this.#add(image, pass.switches, moving);
      this.#collector.resources.add(resources.map((one) => ({ ...one, when })));
    }
    if (pass.switches.length === 0) reportOthers(found, this.#collector);
  }

  /**
   * Reading what a trial printed costs more than printing it. The same text, or after several
   * settings the same lines, hold no other images.
   */
  #isWorthReading({ file, text }: RenderedFile, settings: number): boolean {
    const known = this.#printed.get(file.name);
    if (known === undefined) return true;
    if (known.text === text) return false;
    return settings < 2 || notableLines(text).some((line) => !this.#lines.has(line));
  }

  #imagesIn(file: RenderedFile, checksAll: boolean): RenderedImages {
    const known = this.#printed.get(file.file.name)?.documents;
    const found = this.#read.get(file) ?? read(file, { known, checksAll });
    this.#read.set(file, found);
    return found;
  }

  #remember({ file, text }: RenderedFile): void {
    if (!this.#printed.has(file.name)) {
      this.#printed.set(file.name, { text, documents: documentsIn(text) });
    }
    for (const line of notableLines(text)) this.#lines.add(line);
  }

  #isNew({ sighting, evidence }: RenderedImage): boolean {
    const image = formatReference(sighting.image.reference);
    return !isMadeUp(image) && !this.#collector.has(image, evidence.class);
  }

  /** Images that another version of the cluster would not give. */
  #moving(pass: Pass, files: readonly RenderedFile[]): ReadonlySet<string> {
    const asking = files.filter(({ asksVersion }) => asksVersion);
    if (this.#knowsVersion || asking.length === 0) return new Set();
    const again = renderFiles(pass.root, pass.set, {
      ...pass.options,
      watcher: undefined,
      cluster: { ...pass.options.cluster, kubeVersion: OTHER_KUBE_VERSION },
      only: new Set(asking.map(({ file }) => file.name)),
    });
    const texts = new Map(again.map(({ file, text }) => [file, text]));
    // Most print the same, and need not be read once more for that.
    const changed = asking.filter(({ file, text }) => texts.get(file) !== text);
    if (changed.length === 0) return new Set();
    const there = new Set(again.flatMap(namesIn));
    return new Set(changed.flatMap(namesIn).filter((image) => !there.has(image)));
  }

  #add(
    { sighting, evidence }: RenderedImage,
    switches: readonly Switch[],
    moving: ReadonlySet<string>,
  ): void {
    const { reference, pinned } = sighting.image;
    const image = formatReference(reference);
    // What these values pull anyway is not optional somewhere else too.
    const isKnown = switches.length > 0 && this.#collector.has(image, "hook");
    if (isKnown) return;
    if (switches.length > 0 && isMadeUp(image)) {
      return sayCompleted(reference, evidence, { switches, collector: this.#collector });
    }
    const when = formatSwitches(switches);
    if (moving.has(image)) return this.#collector.addVarying(reference, evidence, when);
    const loose = !pinned && sighting.certainty !== "proven";
    this.#collector.add(reference, withSettings(evidence, when), { loose });
  }
}

interface Printed {
  readonly text: string;
  readonly documents: ReadonlySet<string>;
}

function documentsIn(text: string): ReadonlySet<string> {
  return new Set(splitDocuments(text).map((document) => document.text));
}

function read({ file, text, lines }: RenderedFile, reading: Reading = {}): RenderedImages {
  const path = shownPath(file.instance.chart, file.path);
  return imagesIn({ source: "rendering", text, lines, file: path, ...reading });
}

function namesIn(file: RenderedFile): string[] {
  return read(file).images.map(({ sighting }) => formatReference(sighting.image.reference));
}

const NOTABLE_LINE = /image|repo|hub|tag|version|registry|digest|sha|name:|\/[\w./-]{1,300}[:@]\w/i;

/** Lines that may hold an image or a part of one. */
function notableLines(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => NOTABLE_LINE.test(line))
    .map((line) => line.trim());
}
