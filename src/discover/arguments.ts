import { speaksOfImage } from "./image-key.ts";
import { isPlausible, readImageText, unmistakableIn } from "./image-text.ts";
import { composeShapes, type Entry } from "./shape.ts";
import type { Sightings } from "./sighting.ts";
import { seeLines } from "./text-images.ts";

const FLAG = /^(--?[A-Za-z][\w.-]*)(?:=(.*))?$/s;

/** `--image=REF` or `--image REF` within a script. */
const FLAG_IN_SCRIPT = /(?<!\S)(--?[A-Za-z][\w.-]*)(?:=|[ \t]+)["']?(?!-)([^\s"']+)/g;

/**
 * Images that a container is told of on its command line: `--image=REF`, `--image` and `REF`, a
 * registry and a tag in two flags, or a reference anywhere in a script.
 */
export function seeArguments(words: readonly string[], sightings: Sightings): void {
  const entries: Entry[] = [];
  for (const [index, word] of words.entries()) {
    const [, flag, attached] = FLAG.exec(word) ?? [];
    const [, before, given] = FLAG.exec(words[index - 1] ?? "") ?? [];
    if (flag !== undefined) {
      if (attached !== undefined) entries.push({ key: flag, text: attached });
    } else if (before !== undefined && given === undefined) {
      entries.push({ key: before, text: word });
    } else {
      seeFlags(word, sightings);
      if (word.includes("\n")) seeScript(word, sightings);
      else seeUnmistakable(word, "command line", sightings);
    }
  }
  for (const entry of entries) seeNamedText(entry, `argument ${entry.key}`, sightings);
  seeShapes(entries, (keys) => `arguments ${keys.join(", ")}`, sightings);
}

function seeFlags(script: string, sightings: Sightings): void {
  for (const [, flag = "", text = ""] of script.matchAll(FLAG_IN_SCRIPT)) {
    const image = speaksOfImage(flag) ? readImageText(text) : undefined;
    if (image?.pinned !== true || !isPlausible(image)) continue;
    sightings.see({ image, text, certainty: "likely", where: `flag ${flag} in a script` });
  }
}

/** A script may start containers itself, and what it names is meant. */
function seeScript(text: string, sightings: Sightings): void {
  seeLines(text, "script", {
    ...sightings,
    see: (sighting) => sightings.see({ ...sighting, certainty: "likely" }),
  });
}

/** Images in environment variables, one each or put together from several. */
export function seeEnvironment(entries: readonly Entry[], sightings: Sightings): void {
  for (const entry of entries) seeNamedText(entry, `environment ${entry.key}`, sightings);
  seeShapes(entries, (keys) => `environment ${keys.join(", ")}`, sightings);
}

/** Images in a text whose name says what it is: one, a list, or a map of several. */
export function seeNamedText({ key, text }: Entry, where: string, sightings: Sightings): void {
  const named = speaksOfImage(key);
  const whole = readImageText(text.trim());
  if (named && whole !== undefined) {
    const certainty = whole.pinned ? "likely" : "possible";
    if (isPlausible(whole)) sightings.see({ image: whole, text: text.trim(), certainty, where });
  } else if (named) {
    seeList(text, where, sightings);
  } else {
    seeUnmistakable(text, where, sightings);
  }
}

/** `a=org/app:1.2,b=…`, one per line, or as JSON. */
function seeList(text: string, where: string, sightings: Sightings): void {
  for (const piece of text.split(/[\s,;"'[\]{}]+/)) {
    const image = readImageText(piece.replace(/^[^=]*=/, ""));
    if (image?.pinned === true && isPlausible(image) && (image.hasHost || image.hasPath)) {
      sightings.see({ image, text: piece, certainty: "likely", where });
    }
  }
}

function seeUnmistakable(text: string, where: string, sightings: Sightings): void {
  for (const image of unmistakableIn(text)) {
    sightings.see({ image, text: textOf(image.reference.repository), certainty: "likely", where });
  }
}

/** The repository is in the text as it is, whatever was normalized. */
function textOf(repository: string): string {
  return repository.replace(/^library\//, "");
}

export function seeShapes(
  entries: readonly Entry[],
  where: (keys: readonly string[]) => string,
  sightings: Sightings,
): void {
  for (const { image, keys, repository } of composeShapes(entries)) {
    if (image === undefined || keys.length < 2) continue;
    const certainty = image.hasHost || image.hasPath ? "likely" : "possible";
    sightings.see({ image, text: repository, certainty, where: where(keys) });
  }
}
