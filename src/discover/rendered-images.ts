import { append } from "../content/append.ts";
import { customKind, type CustomResource } from "./custom-resources.ts";
import type { Evidence, EvidenceSource } from "./discovery.ts";
import { isTest, readManifests, type Manifest, type Reading } from "./manifests.ts";
import { seeObject } from "./object-images.ts";
import type { Blank, Sighting } from "./sighting.ts";
import { seeLines } from "./text-images.ts";

/** What a template printed, and where its lines come from. */
export interface PrintedText extends Reading {
  readonly source: EvidenceSource;
  readonly text: string;
  /** The template below the chart's directory. */
  readonly file: string;
  /** The template's line for each line of the text, where that is known. */
  readonly lines?: readonly number[] | undefined;
}

/** An image in a rendered text, with where it comes from. */
export interface RenderedImage {
  readonly sighting: Sighting;
  readonly evidence: Evidence;
}

export interface RenderedImages {
  readonly images: readonly RenderedImage[];
  /** Containers whose image could not be read, with their place. */
  readonly blanks: readonly (Blank & Place & { readonly object: string })[];
  /** Documents that are no YAML. */
  readonly broken: readonly (Place & { readonly reason: string })[];
  /** What is there for operators. */
  readonly resources: readonly Omit<CustomResource, "when">[];
}

interface Place {
  readonly file: string;
  readonly line?: number;
}

/** Every image in what one template printed, as far as the values it was printed with need it. */
export function imagesIn(printed: PrintedText): RenderedImages {
  const images: RenderedImage[] = [];
  const blanks: (Blank & Place & { object: string })[] = [];
  const resources: RenderedImages["resources"][number][] = [];
  const { manifests, broken } = readManifests(printed.text, printed);
  for (const manifest of manifests) {
    const before = images.length;
    const place = (wanted: string): Place => placeOf(printed, manifest, wanted);
    seeObject(manifest.object, {
      see: (sighting) =>
        images.push({
          sighting,
          evidence: evidenceFor(sighting, manifest, {
            source: printed.source,
            ...place(sighting.text),
          }),
        }),
      miss: (blank) => {
        if (isPatch(blank, manifest)) return;
        blanks.push({ ...blank, ...place("image:"), object: manifest.name });
      },
    });
    append(resources, resourcesOf(manifest, images.slice(before), printed));
  }
  for (const document of broken) {
    seeLines(document.text, "a document that is no YAML", {
      miss: () => {},
      see: (sighting) => {
        const { source } = printed;
        const place = placeOf(printed, document, sighting.text);
        const { where } = sighting;
        images.push({ sighting, evidence: { source, class: "suspect", ...place, where } });
      },
    });
  }
  const unread = broken.map((part) => ({ reason: part.reason, ...placeOf(printed, part, "") }));
  return { images, blanks, broken: unread, resources };
}

/** The manifest, if something is started for it beside the images that were seen in it. */
function resourcesOf(
  { object, name, hooks }: Manifest,
  seen: readonly RenderedImage[],
  { file }: PrintedText,
): RenderedImages["resources"] {
  const kind = customKind(object);
  if (kind === undefined || isTest(hooks)) return [];
  const namesImage = seen.some(({ evidence }) => isSure(evidence.class));
  return [{ kind, name, namesImage, file }];
}

/** What a custom resource says of a container without its image is a change to one that the operator makes. */
function isPatch({ text }: Blank, { object }: Manifest): boolean {
  return text === undefined && customKind(object) !== undefined;
}

function isSure(one: Evidence["class"]): boolean {
  return one === "needed" || one === "hook";
}

/** Where the template prints the first line of `part` that holds `wanted`. */
function placeOf(
  { file, lines }: PrintedText,
  part: { text: string; line: number },
  wanted: string,
): Place {
  if (lines === undefined) return { file };
  const at = Math.max(0, part.text.indexOf(wanted));
  const index = part.line + part.text.slice(0, at).split("\n").length - 1;
  return { file, line: lines[index] ?? 1 };
}

function evidenceFor(
  { certainty, where, off }: Sighting,
  { name, hooks }: Manifest,
  at: Place & { source: EvidenceSource },
): Evidence {
  const evidence = { ...at, object: name, where };
  if (certainty === "default") {
    const when = [`a custom resource of ${name} that names none`];
    return { ...evidence, source: "definition", class: "optional", when };
  }
  if (certainty === "possible") return { ...evidence, class: "suspect" };
  if (off !== undefined) return { ...evidence, class: "optional", when: [`${off} of ${name}`] };
  if (isTest(hooks)) return { ...evidence, class: "optional", hooks, when: ["helm test"] };
  return hooks.length === 0
    ? { ...evidence, class: "needed" }
    : { ...evidence, class: "hook", hooks };
}
